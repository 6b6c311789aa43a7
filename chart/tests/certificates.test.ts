/** Who makes the webhook's certificate and who writes the webhook configuration, and the rights that follow. */
import { describe, expect, jest, test } from "@jest/globals";
import { readSettings } from "../../operator/controller/settings.ts";
import { webhookConfiguration } from "../../operator/controller/webhook-configuration/webhook-configuration.ts";
import { HELM_TIMEOUT_MS, helm, type Manifest, NAMESPACE, only, render } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const FOLDER = "/etc/healthpolicy/webhook-certificate";
const CERT_MANAGER = ["--set", "webhook.certManager.enabled=true"];
const EXISTING = ["--set", "webhook.existingSecret=ours"];

/** Resources of the operator's own roles. */
function resourcesOf(objects: readonly Manifest[]): string[] {
  return ["ClusterRole", "Role"].flatMap((kind) =>
    only(objects, kind, "healthpolicy-operator").rules.flatMap(
      ({ resources }: { resources: string[] }) => resources,
    ),
  );
}

/** Without the order of a selector's values, which means nothing. */
function inOrder(webhooks: unknown): unknown {
  const sorted = (key: string, value: unknown) =>
    key === "values" ? (value as string[]).toSorted() : value;
  return JSON.parse(JSON.stringify(webhooks, sorted));
}

function settingsOf(objects: readonly Manifest[]) {
  const [container] = only(objects, "Deployment").spec.template.spec.containers;
  return readSettings(
    Object.fromEntries(
      container.env.map(({ name, value }: { name: string; value?: string }) => [
        name,
        value ?? "x",
      ]),
    ),
  );
}

describe.each([
  ["an existing Secret", EXISTING, "ours"],
  ["cert-manager", CERT_MANAGER, "healthpolicy-webhook-tls"],
])("with %s", (_, args, secretName) => {
  const objects = render(...args);

  test("the kubelet brings the certificate, and never an authority's key", () => {
    const { volumes, containers } = only(objects, "Deployment").spec.template.spec;
    const keys = ["ca.crt", "tls.crt", "tls.key"];
    expect(volumes).toStrictEqual([
      {
        name: "webhook-certificate",
        secret: { secretName, items: keys.map((key) => ({ key, path: key })) },
      },
    ]);
    expect(containers[0].volumeMounts).toStrictEqual([
      { name: "webhook-certificate", mountPath: FOLDER, readOnly: true },
    ]);
    expect(settingsOf(objects)).toMatchObject({
      certificateSecret: secretName,
      certificateFolder: FOLDER,
    });
  });

  test("no Secret is rendered, and the operator has no right on any", () => {
    expect(objects.filter(({ kind }) => kind === "Secret")).toStrictEqual([]);
    expect(resourcesOf(objects)).not.toContain("secrets");
  });
});

test("with an existing Secret the operator still writes the webhook configuration", () => {
  const objects = render(...EXISTING);
  expect(settingsOf(objects).webhookConfigurationOwner).toBe("operator");
  expect(resourcesOf(objects)).toContain("mutatingwebhookconfigurations");
  expect(objects.filter(({ kind }) => kind.endsWith("WebhookConfiguration"))).toStrictEqual([]);
});

describe("with cert-manager", () => {
  const objects = render(...CERT_MANAGER);

  test("the operator has no right on webhook configurations, nor on the role that would own one", () => {
    expect(settingsOf(objects).webhookConfigurationOwner).toBe("chart");
    expect(resourcesOf(objects)).not.toContain("mutatingwebhookconfigurations");
    expect(resourcesOf(objects)).not.toContain("clusterroles");
  });

  test("the chart's configuration is the operator's for more namespaces than are listed, but for its authority and owner", () => {
    const written = webhookConfiguration({
      caBundle: "",
      called: { listed: Array.from({ length: 501 }, (_, index) => `n-${index}`), selectors: [] },
      target: { namespace: NAMESPACE, service: "healthpolicy-webhook", timeoutSeconds: 3 },
      owner: { apiVersion: "v1", kind: "ClusterRole", name: "x", uid: "x" },
    });
    const wanted = written.webhooks.map(({ clientConfig: { service }, ...rest }) => ({
      ...rest,
      clientConfig: { service },
    }));
    const { metadata, webhooks } = only(objects, "MutatingWebhookConfiguration");
    expect(inOrder(webhooks)).toStrictEqual(inOrder(wanted));
    expect(metadata.name).toBe(written.metadata.name);
    expect(metadata["annotations" as never]).toStrictEqual({
      "cert-manager.io/inject-ca-from": `${NAMESPACE}/healthpolicy-webhook`,
    });
  });

  test("the certificate is for the name that API servers call, and comes from an authority of the release's own", () => {
    const { spec } = only(objects, "Certificate", "healthpolicy-webhook");
    expect(spec).toMatchObject({
      secretName: "healthpolicy-webhook-tls",
      dnsNames: [`healthpolicy-webhook.${NAMESPACE}.svc`],
      issuerRef: { name: "healthpolicy-webhook-ca", kind: "Issuer", group: "cert-manager.io" },
    });
    const authority = only(objects, "Certificate", "healthpolicy-webhook-ca").spec;
    // A new key would take the trust from what the old one has signed.
    expect(authority).toMatchObject({ isCA: true, privateKey: { rotationPolicy: "Never" } });
    expect(authority.issuerRef.name).toBe("healthpolicy-webhook-selfsigned");
    expect(only(objects, "Issuer", "healthpolicy-webhook-ca").spec).toStrictEqual({
      ca: { secretName: authority.secretName },
    });
    expect(only(objects, "Issuer", "healthpolicy-webhook-selfsigned").spec).toStrictEqual({
      selfSigned: {},
    });
  });

  test("or from an issuer that is there already", () => {
    const issued = render(...CERT_MANAGER, "--set", "webhook.certManager.issuerRef.name=company");
    expect(only(issued, "Certificate").spec.issuerRef).toStrictEqual({
      name: "company",
      kind: "ClusterIssuer",
      group: "cert-manager.io",
    });
    expect(issued.filter(({ kind }) => kind === "Issuer")).toStrictEqual([]);
  });

  test("annotations of one's own stand beside cert-manager's, and never in its place", () => {
    const value = "--set-string=webhook.certManager.annotations";
    const own = [
      `${value}.admissions\\.enforcer/disabled=true`,
      `${value}.cert-manager\\.io/inject-ca-from=x/y`,
    ];
    const { metadata } = only(render(...CERT_MANAGER, ...own), "MutatingWebhookConfiguration");
    expect(metadata["annotations" as never]).toStrictEqual({
      "admissions.enforcer/disabled": "true",
      "cert-manager.io/inject-ca-from": `${NAMESPACE}/healthpolicy-webhook`,
    });
  });

  test("both at once are refused", () => {
    const { ok, stderr } = helm("template", "x", ".", ...CERT_MANAGER, ...EXISTING);
    expect([ok, stderr]).toStrictEqual([
      false,
      expect.stringContaining(
        "webhook.existingSecret must be empty where webhook.certManager.enabled is true",
      ),
    ]);
  });
});
