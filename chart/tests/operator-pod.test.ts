import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { readSettings } from "../../operator/controller/settings.ts";
import { WEBHOOK_CONFIGURATION } from "../../operator/controller/webhook-configuration/webhook-configuration.ts";
import { CHART, HELM_TIMEOUT_MS, type Manifest, only, render, renderText } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const manifests = render();
const deployment = only(manifests, "Deployment");
const pod = deployment.spec.template;
const [container] = pod.spec.containers;
const environment = new Map<string, { name: string; value?: string }>(
  container.env.map((entry: { name: string }) => [entry.name, entry]),
);

/** Every pod of the chart, with the containers that run in it. */
function podsOf(objects: readonly Manifest[]) {
  return objects
    .map((object) => (object.kind === "Pod" ? object : object.spec?.template))
    .filter((template) => template?.spec?.containers)
    .map(({ spec }) => ({
      spec,
      containers: [...(spec.initContainers ?? []), ...spec.containers],
    }));
}

describe("every pod of the chart", () => {
  const pods = podsOf(manifests);

  test("is one that these tests see", () => {
    expect(pods).toHaveLength(1);
  });

  test("meets the restricted Pod Security Standard with a read-only root", () => {
    for (const { spec, containers } of pods) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC, spec.volumes]).toStrictEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      for (const { securityContext } of containers) {
        expect(securityContext).toStrictEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });
});

describe("the operator's pods", () => {
  test("carry the token, and their account gives it to nothing else unasked", () => {
    expect(pod.spec.automountServiceAccountToken).toBe(true);
    expect(only(manifests, "ServiceAccount").automountServiceAccountToken).toBe(false);
  });

  test("are two, spread, and replaced one by one without a gap", () => {
    expect(deployment.spec.replicas).toBe(2);
    expect(deployment.spec.strategy).toStrictEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    expect(
      pod.spec.topologySpreadConstraints.map((each: { topologyKey: string }) => each.topologyKey),
    ).toStrictEqual(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);
  });

  test("spread by a selector of somebody's own as it is, and by theirs where there is none", () => {
    const own = { labelSelector: { matchLabels: { team: "a" } }, topologyKey: "own" };
    const empty = { labelSelector: {}, topologyKey: "empty" };
    const none = { labelSelector: null, topologyKey: "none" };
    const value = JSON.stringify([own, empty, none]);
    const rendered = render("--set-json", `topologySpreadConstraints=${value}`);
    const { spec } = only(rendered, "Deployment").spec.template;
    const { matchLabels } = deployment.spec.selector;
    expect(spec.topologySpreadConstraints).toStrictEqual([
      own,
      empty,
      { ...none, labelSelector: { matchLabels } },
    ]);
  });

  test("carry the labels that everything which looks for them selects", () => {
    const selector = deployment.spec.selector.matchLabels;
    expect(selector).toStrictEqual({
      "app.kubernetes.io/name": "healthpolicy",
      "app.kubernetes.io/instance": "healthpolicy",
      "app.kubernetes.io/component": "operator",
    });
    expect(pod.metadata.labels).toMatchObject(selector);
    const services = manifests.filter(({ kind }) => kind === "Service");
    expect(services.map(({ spec }) => spec.selector)).toStrictEqual([selector, selector]);
    expect(only(manifests, "PodDisruptionBudget").spec.selector.matchLabels).toStrictEqual(
      selector,
    );
    expect(only(manifests, "NetworkPolicy").spec.podSelector.matchLabels).toStrictEqual(selector);
  });

  test("are told the names of the objects that the chart renders", () => {
    const value = (name: string) => environment.get(name)?.value;
    expect(value("WEBHOOK_SERVICE")).toBe(
      only(manifests, "Service", "healthpolicy-webhook").metadata.name,
    );
    expect(value("CERTIFICATE_SECRET")).toBe(only(manifests, "Secret").metadata.name);
    expect(value("CLUSTER_ROLE")).toBe(
      only(manifests, "ClusterRole", "healthpolicy-operator").metadata.name,
    );
    const leases = only(manifests, "Role").rules.find(({ resources }: { resources: string[] }) =>
      resources.includes("leases"),
    );
    expect(leases.resourceNames).toStrictEqual([value("LEASE_NAME")]);
  });

  test.each([
    ["by default", [], { webhook: "9443", management: "8080" }],
    [
      "on other ports",
      ["--set", "webhook.port=10250", "--set", "management.port=10251"],
      { webhook: "10250", management: "10251" },
    ],
  ])(
    "listen where the Services, the probes and the NetworkPolicy expect them, %s",
    (_, args, want) => {
      const objects = render(...args);
      const [container] = only(objects, "Deployment").spec.template.spec.containers;
      const variable = (name: string) =>
        container.env.find((entry: { name: string }) => entry.name === name)?.value;
      const ports = Object.fromEntries(
        container.ports.map((port: { name: string; containerPort: number }) => [
          port.name,
          String(port.containerPort),
        ]),
      );
      expect(ports).toStrictEqual(want);
      expect(variable("WEBHOOK_PORT")).toBe(ports.webhook);
      expect(variable("MANAGEMENT_PORT")).toBe(ports.management);
      const targets = objects
        .filter(({ kind }) => kind === "Service")
        .flatMap(({ spec }) => spec.ports)
        .map(({ port, targetPort }) => [port, targetPort]);
      expect(targets).toStrictEqual([
        [8080, "management"],
        [443, "webhook"],
      ]);
      expect(container.readinessProbe.httpGet).toStrictEqual({
        path: "/readyz",
        port: "management",
      });
      expect(container.livenessProbe.httpGet).toStrictEqual({
        path: "/healthz",
        port: "management",
      });
      const { ingress, egress } = only(objects, "NetworkPolicy").spec;
      const entries: { ports: { port: string }[] }[] = ingress;
      expect(entries.flatMap(({ ports }) => ports.map(({ port }) => port))).toStrictEqual([
        "webhook",
        "management",
      ]);
      expect(egress.at(-1).ports).toStrictEqual([{ port: Number(want.webhook), protocol: "TCP" }]);
    },
  );
});

describe("with the addresses of their nodes, the operator's pods", () => {
  const objects = render("--set", "hostNetwork=true");
  const { strategy, template } = only(objects, "Deployment").spec;

  test("find the cluster's Services by name", () => {
    expect(template.spec).toMatchObject({
      hostNetwork: true,
      dnsPolicy: "ClusterFirstWithHostNet",
    });
  });

  test("leave before their successors, which need the same ports of the node", () => {
    expect(strategy.rollingUpdate).toStrictEqual({ maxUnavailable: 1, maxSurge: 0 });
  });

  test("have no NetworkPolicy, which no network plugin would apply to them", () => {
    expect(objects.filter(({ kind }) => kind === "NetworkPolicy")).toStrictEqual([]);
  });

  test("are otherwise what they are without", () => {
    const { hostNetwork: _, dnsPolicy: __, ...rest } = template.spec;
    expect(rest).toStrictEqual(pod.spec);
  });
});

describe("the operator takes the environment that the chart gives it", () => {
  /** What a container sees; the kubelet fills in what comes from the pod's own fields. */
  const seen = (...args: string[]): NodeJS.ProcessEnv => {
    const { spec } = only(render(...args), "Deployment").spec.template;
    return Object.fromEntries(
      spec.containers[0].env.map((entry: { name: string; value?: string }) => [
        entry.name,
        entry.value ?? `field-of-${entry.name}`,
      ]),
    );
  };
  // Read from the schema: a level that it lets through and the operator does not know is a crash loop.
  const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));

  test.each<string>(schema.properties.logLevel.enum)("log level %s", (level) => {
    expect(readSettings(seen("--set", `logLevel=${level}`)).logLevel).toBe(level);
  });

  test("every value arrives where it is meant to", () => {
    expect(readSettings(seen("--values", "tests/testdata/values/everything.yaml"))).toStrictEqual({
      podName: "field-of-POD_NAME",
      namespace: "field-of-POD_NAMESPACE",
      logLevel: "debug",
      webhookPort: 10250,
      managementPort: 10251,
      webhookService: "readiness-webhook",
      webhookTimeoutSeconds: 5,
      evictionsPerMinute: 30,
      certificateSecret: "readiness-webhook-certificate",
      certificateFolder: undefined,
      webhookConfigurationOwner: "operator",
      clusterRole: "readiness-operator",
      leaseName: "readiness-operator",
      nudge: true,
      inject: {
        image: `registry.example.com:5000/mirror/healthpolicy-sidecar:2@sha256:${"b".repeat(64)}`,
        imagePullPolicy: "Always",
        resources: {
          requests: { cpu: "10m", memory: "24Mi" },
          limits: { cpu: "200m", memory: "96Mi" },
        },
      },
    });
  });

  test("the webhook configuration that it writes is the one that its role allows", () => {
    const rule = only(manifests, "ClusterRole", "healthpolicy-operator").rules.find(
      ({ resources }: { resources: string[] }) =>
        resources.includes("mutatingwebhookconfigurations"),
    );
    expect(rule.resourceNames).toStrictEqual([WEBHOOK_CONFIGURATION]);
  });
});

describe("one writer for each field", () => {
  test("the certificate's Secret is rendered without data", () => {
    const { metadata, ...rest } = only(manifests, "Secret");
    expect(rest).toStrictEqual({ apiVersion: "v1", kind: "Secret", type: "Opaque" });
    expect(metadata.name).toBe("healthpolicy-webhook-certificate");
  });

  test("no webhook configuration and no certificate authority is rendered", () => {
    expect(manifests.filter(({ kind }) => kind.endsWith("WebhookConfiguration"))).toStrictEqual([]);
    expect(renderText()).not.toMatch(/caBundle|stringData|BEGIN [A-Z ]*(CERTIFICATE|KEY)/);
  });
});
