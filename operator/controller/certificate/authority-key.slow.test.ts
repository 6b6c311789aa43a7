/** Authorities that somebody has put into the Secret: whatever their key is, the certificate is renewed in time. */
// Before x509, whose dependencies read the metadata that it defines while they load.
import "reflect-metadata";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, jest, test } from "@jest/globals";
import * as x509 from "@peculiar/x509";
import { authorityKey } from "./authority-key.ts";
import { type CertificateData, certificatePlan, splitBundle } from "./certificate-plan.ts";
import { carryOut } from "./certificates.ts";
import { CA_LIFETIME_MILLISECONDS, LEAF_LIFETIME_MILLISECONDS } from "./lifetimes.ts";
import { issue, type Oddities, rsa } from "./testing/issue.ts";

// Machines that run everything at once are slow, and RSA keys are made.
jest.setTimeout(30_000);

const WHERE = { dnsName: "healthpolicy-webhook.healthpolicy-system.svc", now: Date.now() };
const MINUTE = 60_000;
const P384 = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };

/** As `openssl ecparam -genkey` writes keys, unless it is told otherwise. */
function asSec1(data: CertificateData): CertificateData {
  const key = createPrivateKey(data["ca.key"]).export({ type: "sec1", format: "pem" });
  return { ...data, "ca.key": String(key) };
}

/** As an API server decides that has been told of all of `told`. */
function trusts(told: CertificateData, served: CertificateData): boolean {
  const leaf = new X509Certificate(served["tls.crt"]);
  return splitBundle(told["ca.crt"])
    .map((pem) => new X509Certificate(pem))
    .some((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
}

/** What two hours of a look each minute do from `start` on, and the Secret's content before and after each step. */
async function lookOn(data: CertificateData, start: number) {
  const actions: string[] = [];
  const contents = [data];
  for (let now = start; now < start + 120 * MINUTE; now += MINUTE) {
    const { action } = certificatePlan(contents.at(-1) ?? {}, WHERE.dnsName, now);
    if (action === "keep") continue;
    actions.push(action);
    const next = { data: contents.at(-1) ?? {}, dnsName: WHERE.dnsName, now };
    contents.push(await carryOut(action, next));
  }
  return { actions, contents };
}

test.each<[string, Oddities]>([
  ["RSA", { algorithm: rsa(2_048) }],
  ["P-384", { algorithm: P384 }],
])("an authority with a key of %s gives way to one that can sign, with overlap", async (_, odd) => {
  const { actions, contents } = await lookOn(await issue(WHERE, odd, {}), WHERE.now);
  expect(actions).toStrictEqual(["rotate-ca", "renew-leaf", "drop-old-ca"]);
  // Replicas are late, or API servers are: each may be a step behind the other.
  for (const [step, content] of contents.entries()) {
    const before = contents[step - 1] ?? content;
    expect([trusts(content, before), trusts(before, content)]).toStrictEqual([true, true]);
  }
});

test("its certificate is made anew at once where it has expired", async () => {
  const data = await issue(WHERE, { algorithm: rsa(2_048) }, {});
  const late = WHERE.now + LEAF_LIFETIME_MILLISECONDS + MINUTE;
  const { actions, contents } = await lookOn(data, late);
  expect(actions).toStrictEqual(["rotate-ca", "renew-leaf", "drop-old-ca"]);
  expect(Date.parse(new X509Certificate(contents[2]?.["tls.crt"] ?? "").validTo)).toBeGreaterThan(
    late,
  );
});

test("the certificate of an authority with a key in the form of SEC 1 is renewed by it", async () => {
  const data = asSec1(await issue(WHERE, {}, {}));
  expect(data["ca.key"]).toContain("BEGIN EC PRIVATE KEY");
  const late = WHERE.now + LEAF_LIFETIME_MILLISECONDS;
  const { actions, contents } = await lookOn(data, late);
  expect(actions).toStrictEqual(["renew-leaf"]);
  expect(trusts(data, contents[1] ?? data)).toBe(true);
});

test("a new authority beside one that cannot sign leaves it in the bundle, with all that are there", async () => {
  const [own, odd] = [
    await issue(WHERE, {}, {}),
    await issue(WHERE, { algorithm: rsa(2_048) }, {}),
  ];
  const mixed = { ...own, "ca.crt": `${odd["ca.crt"]}\n${own["ca.crt"]}`, "ca.key": odd["ca.key"] };
  const { actions, contents } = await lookOn(mixed, WHERE.now);
  expect(actions).toStrictEqual(["rotate-ca", "renew-leaf", "drop-old-ca"]);
  expect(trusts(contents[1] as CertificateData, mixed)).toBe(true);
  expect(splitBundle(contents.at(-1)?.["ca.crt"] ?? "")).toHaveLength(1);
});

test("the name of an authority stands in its certificates as it is written there: Go compares bytes", async () => {
  const name = new x509.Name([{ CN: [{ utf8String: "of openssl" }] }]);
  const data = await issue(WHERE, { name }, {});
  const late = WHERE.now + LEAF_LIFETIME_MILLISECONDS;
  const { contents } = await lookOn(data, late);
  const [authority, leaf] = [data["ca.crt"], contents[1]?.["tls.crt"] ?? ""].map(
    (pem) => new x509.X509Certificate(pem),
  );
  const bytesOf = (one?: x509.Name) => one && Buffer.from(one.toArrayBuffer());
  expect(bytesOf(leaf?.issuerName)).toStrictEqual(bytesOf(authority?.subjectName));
});

test("what is no key is none to sign with", () => {
  expect(() => authorityKey("")).toThrow();
  expect(() => authorityKey("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----")).toThrow();
});

test("an authority of whatever key that is near its end is replaced", async () => {
  const data = await issue(WHERE, { algorithm: rsa(2_048) }, {});
  const after = WHERE.now + CA_LIFETIME_MILLISECONDS + MINUTE;
  expect(certificatePlan(data, WHERE.dnsName, after).action).toBe("create");
});
