/**
 * A whole rotation of the authority, while pods are created. It takes years and then 70 minutes; here the certificates
 * are put into the Secret as old as they would be, so that the leader's next step is due at once.
 */
import { X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  type CertificateData,
  splitBundle,
} from "../../../operator/controller/certificate/certificate-plan.ts";
import { carryOut } from "../../../operator/controller/certificate/certificates.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { WEBHOOK_DNS_NAME, WEBHOOK_SECRET } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { trustedAuthorities, WEBHOOK_CONFIGURATION } from "../harness/trusted-authorities.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import {
  CERTIFICATE_LOOKED_AT,
  CERTIFICATE_SERVED,
  STATUS_FOLLOWS,
  WEBHOOK_RESTORED,
  WHOLE_TEST,
} from "../timeouts.ts";

const NAMESPACE = "e2e-certificate-rotation";
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Until a step is due that the certificates are made for. */
const SOON = 5_000;

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/certificate-rotation.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const text = (base64 = "") => Buffer.from(base64, "base64").toString("utf8");

async function read(): Promise<CertificateData> {
  const { data = {} } = await kubectlJson<{ data?: Record<string, string> }>(
    "get",
    ...WEBHOOK_SECRET,
  );
  const entries = Object.entries(data).map(([key, value]) => [key, text(value)]);
  return Object.fromEntries(entries) as CertificateData;
}

async function write(data: CertificateData): Promise<void> {
  const patch = JSON.stringify({ stringData: data });
  await kubectl(["patch", ...WEBHOOK_SECRET, "--type=merge", "-p", patch]);
}

const authoritiesOf = (data: CertificateData) => splitBundle(data["ca.crt"]);

const issuerOf = (data: CertificateData) => new X509Certificate(data["tls.crt"]).issuer;
const nameOf = (pem = "") => new X509Certificate(pem).subject;

const createPod = podMaker(NAMESPACE);
const nextPodIsInjected = async () => (await createPod()).injected;

/** Waits until the Secret is as it should be and replicas have read it. */
async function becomes(what: string, holds: (data: CertificateData) => boolean): Promise<void> {
  await waitUntil({ what, within: CERTIFICATE_LOOKED_AT }, async () => holds(await read()));
  await sleep(CERTIFICATE_SERVED);
}

test(
  "a rotation of the authority costs no pod its sidecar, at any of its steps",
  async () => {
    const now = Date.now();
    const years = await carryOut("create", {
      data: {},
      dnsName: WEBHOOK_DNS_NAME,
      now: now - 1_300 * DAY,
    });
    const old = await carryOut("renew-leaf", { data: years, dnsName: WEBHOOK_DNS_NAME, now });
    // Another authority all at once, which is no rotation yet. At its age the leader puts a new one beside it.
    await write(old);
    await waitUntil(
      { what: "a second authority", within: STATUS_FOLLOWS },
      async () => (await trustedAuthorities()).length === 2,
    );
    expect((await trustedAuthorities()).at(-1)).toBe(old["ca.crt"]);
    expect(issuerOf(await read())).toBe(nameOf(old["ca.crt"]));
    await waitUntil({ what: "injection to go on", within: STATUS_FOLLOWS }, nextPodIsInjected);

    const injected = await podsDuring(nextPodIsInjected, async () => {
      const trusted = Date.now() - 10 * MINUTE + SOON;
      const rotated = await carryOut("rotate-ca", {
        data: old,
        dnsName: WEBHOOK_DNS_NAME,
        now: trusted,
      });
      const [authority = ""] = authoritiesOf(rotated);
      await write(rotated);
      await becomes("a certificate of the new authority", (data) => {
        return issuerOf(data) === nameOf(authority);
      });
      expect((await trustedAuthorities()).map(nameOf)).toStrictEqual(
        [authority, old["ca.crt"]].map(nameOf),
      );

      const served = Date.now() - 60 * MINUTE + SOON;
      await write(
        await carryOut("renew-leaf", { data: rotated, dnsName: WEBHOOK_DNS_NAME, now: served }),
      );
      await becomes("the old authority to go", (data) => authoritiesOf(data).length === 1);
      expect((await trustedAuthorities()).map(nameOf)).toStrictEqual([nameOf(authority)]);
    });
    expect(injected.length).toBeGreaterThan(20);
    expect(injected.filter((one) => !one)).toStrictEqual([]);
  },
  WHOLE_TEST,
);

test(
  "authorities that were wiped from the configuration are back within a minute",
  async () => {
    const before = await trustedAuthorities();
    const { webhooks } = await kubectlJson<{ webhooks: unknown[] }>(
      "get",
      ...WEBHOOK_CONFIGURATION,
    );
    const wiped = webhooks.map((_, index) => ({
      op: "remove",
      path: `/webhooks/${index}/clientConfig/caBundle`,
    }));
    await kubectl(["patch", ...WEBHOOK_CONFIGURATION, "--type=json", "-p", JSON.stringify(wiped)]);
    const restored = await waitFor({ what: "authorities", within: WEBHOOK_RESTORED }, async () => {
      const now = await trustedAuthorities();
      return now.length > 0 ? now : undefined;
    });
    expect(restored).toStrictEqual(before);
    await waitUntil({ what: "injection to go on", within: STATUS_FOLLOWS }, nextPodIsInjected);
  },
  WHOLE_TEST,
);
