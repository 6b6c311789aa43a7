/** What a leader does about a Secret that somebody else has written, or that was made by a wrong clock. */
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { CertificateData } from "./certificate/certificate-plan.ts";
import { carryOut } from "./certificate/certificates.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import {
  type CertificateSecret,
  encoded,
  type LedCluster,
  openCluster,
  SECRET,
  SECRETS,
  WEBHOOK,
} from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const DAY = 24 * 60 * 60_000;
const DNS_NAME = "webhook.system.svc";

let cluster: LedCluster;
let stop: AbortController;
let leading: Promise<void>;

beforeEach(async () => {
  cluster = await openCluster();
  cluster.certify();
  stop = new AbortController();
  leading = cluster.leader.lead(stop.signal);
  await until("the webhook is written", () => cluster.writesOf(WEBHOOK).length > 0);
  await until("the Secret is watched", () => cluster.watches.has(SECRETS));
});

afterEach(async () => {
  stop.abort();
  await leading;
  await cluster.close();
});

function made(now: number): Promise<CertificateData> {
  return carryOut("create", { data: {}, dnsName: DNS_NAME, now });
}

/** The Secret as it was written last. */
function written(): CertificateSecret | undefined {
  return cluster.patched(SECRET)?.body as CertificateSecret | undefined;
}

let version = 100;
function put(data: Record<string, string>): void {
  version += 1;
  const metadata = { ...cluster.world.secret.metadata, resourceVersion: String(version) };
  cluster.send(SECRETS, "MODIFIED", { kind: "Secret", metadata, data });
}

/** The authorities that API servers were told to trust, one text for each write. */
function told(): string[] {
  return cluster.writesOf(WEBHOOK).map(({ body }) => {
    const { webhooks } = body as { webhooks: { clientConfig: { caBundle: string } }[] };
    return webhooks[0]?.clientConfig.caBundle ?? "";
  });
}

test("a certificate that is sound is left alone", () => {
  expect(written()).toBeUndefined();
  expect(told()).toStrictEqual([encoded(cluster.certificate)["ca.crt"]]);
});

test.each<[string, (own: CertificateData) => Promise<Partial<CertificateData>>]>([
  ["nothing", async () => ({})],
  ["no PEM", async () => ({ "ca.crt": "a", "ca.key": "b", "tls.crt": "c", "tls.key": "d" })],
  ["a key that is not the certificate's", async (own) => ({ ...own, "tls.key": own["ca.key"] })],
  [
    "another authority, whose key is not there",
    async (own) => ({ ...own, "ca.crt": (await made(Date.now()))["ca.crt"] }),
  ],
  [
    "an authority that is cut off",
    async (own) => ({ ...own, "ca.crt": own["ca.crt"].replace(/.{80}(?=\n-----END)/s, "") }),
  ],
])(
  "a Secret that holds %s is written anew, and nobody is told to trust what stood in it",
  async (_, spoil) => {
    put(encoded(await spoil(cluster.certificate)));
    await until("the Secret is written", () => written() !== undefined);
    expect(written()?.metadata.resourceVersion).toBe(String(version));
    expect(Object.keys(written()?.data ?? {}).sort()).toStrictEqual([
      "ca.crt",
      "ca.key",
      "tls.crt",
      "tls.key",
    ]);

    put(written()?.data ?? {});
    await until("the new authority is told", () => told().length > 1);
    expect(told()).toStrictEqual([
      encoded(cluster.certificate)["ca.crt"],
      written()?.data?.["ca.crt"],
    ]);
  },
);

test.each([
  ["has ended, after a pause or with a clock that was set forward,", -91 * DAY],
  ["is not valid yet, made by a leader whose clock was ahead,", 400 * DAY],
])("a certificate that %s is made anew at once", async (_, offset) => {
  put(encoded(await made(Date.now() + offset)));
  await until("the Secret is written", () => written() !== undefined);
  const pem = Buffer.from(written()?.data?.["tls.crt"] ?? "", "base64");
  const { validFromDate, validToDate } = new X509Certificate(pem);
  expect(validFromDate.getTime()).toBeLessThan(Date.now());
  expect(validToDate.getTime()).toBeGreaterThan(Date.now());
});

test("authorities alone get into the configuration, without what stands beside them", async () => {
  const { "ca.crt": authority, "ca.key": key } = cluster.certificate;
  const other = await carryOut("rotate-ca", {
    data: cluster.certificate,
    dnsName: DNS_NAME,
    now: Date.now(),
  });
  put(encoded({ ...other, "ca.crt": `# ours\n${other["ca.crt"]}\n${key}` }));
  await until("the new authority is told", () => told().length > 1);
  const bundle = Buffer.from(told().at(-1) ?? "", "base64").toString("utf8");
  expect(bundle).toContain(authority);
  expect(bundle).not.toContain("PRIVATE KEY");
  expect(bundle).not.toContain("ours");
});
