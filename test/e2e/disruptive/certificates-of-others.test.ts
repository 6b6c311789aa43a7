/**
 * The webhook's certificate from elsewhere: a Secret that somebody fills, and cert-manager. The images of the latter
 * cannot be pulled into this cluster, so that `harness/cert-manager.ts` stands in for it: with definitions of its
 * names and shape it fills Secrets and writes authorities, as cert-manager does. What cert-manager itself makes of the
 * chart's objects was tried by hand: decision 0028.
 */
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  type CertificateData,
  splitBundle,
} from "../../../operator/controller/certificate/certificate-plan.ts";
import { carryOut } from "../../../operator/controller/certificate/certificates.ts";
import {
  actAsCertManager,
  installCertManager,
  removeCertManager,
  whileCertManagerActs,
} from "../harness/cert-manager.ts";
import { hurryKubelets } from "../harness/hurry-kubelets.ts";
import { helm, installChart } from "../harness/installed-chart.ts";
import { kubectl, kubectlJson, run } from "../harness/kubectl.ts";
import {
  OPERATOR_ACCOUNT,
  OPERATOR_NAMESPACE,
  OPERATOR_SELECTOR,
  oldReplicasGone,
  operatorMetric,
  operatorPods,
  WEBHOOK_DNS_NAME,
} from "../harness/operator.ts";
import { type MadePod, podMaker } from "../harness/pod-maker.ts";
import { isReady, restarts } from "../harness/pods.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { trustedAuthorities, WEBHOOK_CONFIGURATION } from "../harness/trusted-authorities.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { STATUS_FOLLOWS, VOLUME_REFRESH, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-certificates-of-others";
const DAY = 24 * 60 * 60_000;
/** In the operator's namespace, filled by this test. */
const GIVEN = "e2e-given-certificate";
/** In the operator's namespace, filled by the stand-in; the Certificates have the names without `-tls`. */
const MADE = ["healthpolicy-webhook-tls", "healthpolicy-webhook-ca"];
/** Certificates whose ends are as close as this are one; those of the tests are made further apart. */
const SAME_END = 2_500;

const inOperators = ["-n", OPERATOR_NAMESPACE];
const removeSecrets = (...names: string[]) =>
  kubectl(["delete", "secret", ...names, ...inOperators, "--ignore-not-found"]);

beforeAll(
  () => openPolicyNamespace(NAMESPACE, "disruptive/certificates-of-others.yaml"),
  WHOLE_TEST,
);
afterAll(async () => {
  await removeCertManager();
  await removeSecrets(GIVEN, ...MADE);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

const createPod = podMaker(NAMESPACE);
const nextPodIsInjected = async () => (await createPod()).injected;

/** What the API server lets the operator do, in its own namespace too. */
const rights = () =>
  kubectl(["auth", "can-i", "--list", ...inOperators, `--as=${OPERATOR_ACCOUNT}`]);

/** Waits until new pods get the sidecar, and the operator itself has seen that they would. */
async function injects(interval: string): Promise<void> {
  await waitUntil({ what: "injection", within: STATUS_FOLLOWS }, nextPodIsInjected);
  // Kept from before, Programmed would be true whatever happens: a new generation has to be proven.
  const later = JSON.stringify({ spec: { timing: { interval } } });
  await kubectl(["patch", "healthpolicy", "web", "-n", NAMESPACE, "--type=merge", "-p", later]);
  await policyProgrammed(NAMESPACE, "web");
}

/** Waits until every replica serves this certificate. */
async function served(certificate: string): Promise<void> {
  const end = Date.parse(new X509Certificate(certificate).validTo);
  await hurryKubelets(OPERATOR_NAMESPACE, OPERATOR_SELECTOR);
  const what = "every replica to serve the new certificate";
  await waitUntil({ what, within: VOLUME_REFRESH }, async () => {
    const left = await operatorMetric("healthpolicy_certificate_expiry_seconds");
    const ends = left.map((seconds) => Date.now() + 1_000 * seconds);
    return ends.length === 2 && ends.every((one) => Math.abs(one - end) < SAME_END);
  });
}

/** Waits until API servers are told to trust these, and no others. */
async function told(...authorities: string[]): Promise<void> {
  const texts = (bundles: string[]) => bundles.map((pem) => new X509Certificate(pem).toString());
  const what = `${authorities.length} authorities in the configuration`;
  await waitUntil({ what, within: STATUS_FOLLOWS }, async () => {
    return texts(await trustedAuthorities()).join() === texts(authorities).join();
  });
}

/** How long a creation took tells a webhook that was late from one that was refused. */
function expectAllInjected(pods: readonly MadePod[]): void {
  expect(pods.length).toBeGreaterThan(10);
  expect(pods.filter(({ injected }) => !injected)).toStrictEqual([]);
}

/** Pods that are created now, with connections that know what API servers were told last. */
async function fewMorePods(): Promise<void> {
  for (let pod = 0; pod < 5; pod += 1) await createPod();
}

test(
  "with an existing Secret its authority is rotated by whoever fills it, and costs no pod its sidecar",
  async () => {
    /** Fills the Secret as somebody would: without the authority's key. */
    const give = async ({ "ca.key": _, ...stringData }: CertificateData) => {
      const metadata = { name: GIVEN, namespace: OPERATOR_NAMESPACE };
      const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData };
      const input = JSON.stringify(secret);
      await kubectl(["apply", "--server-side", "-f", "-"], { input });
    };
    const now = Date.now();
    const first = await carryOut("create", { data: {}, dnsName: WEBHOOK_DNS_NAME, now: now - DAY });
    await give(first);
    try {
      await installChart("upgrade", `webhook.existingSecret=${GIVEN}`);
      await oldReplicasGone();
      await injects("6s");
      await told(first["ca.crt"]);
      const may = await rights();
      expect(may).toContain("healthpolicies.healthpolicy.dev");
      expect(may).toContain("mutatingwebhookconfigurations.admissionregistration.k8s.io");
      expect(may).not.toContain("secrets");

      const pods = await podsDuring(createPod, async () => {
        const both = await carryOut("rotate-ca", { data: first, dnsName: WEBHOOK_DNS_NAME, now });
        await give(both);
        await served(both["tls.crt"]);
        const [authority = "", old = ""] = splitBundle(both["ca.crt"]);
        await told(authority, old);
        const renewed = await carryOut("renew-leaf", {
          data: both,
          dnsName: WEBHOOK_DNS_NAME,
          now,
        });
        await give(renewed);
        await served(renewed["tls.crt"]);
        await give({ ...renewed, "ca.crt": authority });
        await served(renewed["tls.crt"]);
        await told(authority);
        await fewMorePods();
      });
      expectAllInjected(pods);
    } finally {
      await installChart("upgrade");
    }
    await oldReplicasGone();
    await injects("7s");
    expect(await trustedAuthorities()).toHaveLength(1);
  },
  WHOLE_TEST,
);

/** Renews both Certificates, the authority first. Gives the new authority, and the new certificate. */
async function renewAll(): Promise<{ authority: string; certificate: string }> {
  const certificates = ["healthpolicy-webhook-ca", "healthpolicy-webhook"];
  expect(await actAsCertManager(OPERATOR_NAMESPACE, certificates)).toBe(true);
  const { data } = await kubectlJson<{ data: Record<string, string> }>(
    ...["get", "secret", "healthpolicy-webhook-tls", ...inOperators],
  );
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  return { authority: text("ca.crt"), certificate: text("tls.crt") };
}

/** Uninstalls the release, and waits until nothing calls the webhook. */
async function uninstall(): Promise<void> {
  await helm("uninstall", "healthpolicy");
  await waitUntil({ what: "no configuration", within: STATUS_FOLLOWS }, async () => {
    const { stdout } = await run("kubectl", [
      "get",
      ...WEBHOOK_CONFIGURATION,
      "--ignore-not-found",
    ]);
    return stdout === "";
  });
}

test(
  "with cert-manager the operator has no right on Secrets and configurations, and renewals cost no pod its sidecar",
  async () => {
    await installCertManager();
    await uninstall();
    const enabled = "webhook.certManager.enabled=true";
    try {
      await whileCertManagerActs(OPERATOR_NAMESPACE, () => installChart("install", enabled));
      expect(await actAsCertManager(OPERATOR_NAMESPACE)).toBe(true);
      await injects("6s");
      const may = await rights();
      expect(may).toContain("healthpolicies.healthpolicy.dev");
      expect(may).not.toContain("webhookconfigurations");
      expect(may).not.toContain("secrets");

      const before = await trustedAuthorities();
      // Nothing in the operator's pods depends on it: an upgrade that restarts none.
      await installChart("upgrade", enabled, "podDisruptionBudget.minAvailable=1");
      expect(await trustedAuthorities()).toStrictEqual(before);

      const pods = await podsDuring(createPod, async () => {
        // The new authority is told at once, while replicas still serve what the old one has signed, with the same key.
        const { authority, certificate } = await renewAll();
        await told(authority);
        expect(before).not.toContain(authority);
        await fewMorePods();
        await served(certificate);
        // Again, so that API servers make new connections to what is served now.
        await told((await renewAll()).authority);
        await fewMorePods();
      });
      expectAllInjected(pods);
      expect((await operatorPods()).map(restarts)).toStrictEqual([0, 0]);
    } finally {
      // The way back, with the Secrets that cert-manager leaves behind.
      await uninstall();
      await installChart("install");
    }
    expect((await operatorPods()).filter(isReady)).toHaveLength(2);
    await injects("7s");
  },
  WHOLE_TEST,
);
