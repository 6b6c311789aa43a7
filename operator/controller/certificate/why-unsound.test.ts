import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { expect, jest, test } from "@jest/globals";
import { certificatePlan } from "./certificate-plan.ts";
import { CA_LIFETIME_MILLISECONDS, LEAF_LIFETIME_MILLISECONDS } from "./lifetimes.ts";
import { CLIENT_PURPOSE, issue, type Oddities, rsa } from "./testing/issue.ts";
import { whyUnsoundLeaf } from "./why-unsound.ts";

// Machines that run everything at once are slow, and RSA keys are made.
jest.setTimeout(30_000);

const WHERE = { dnsName: "healthpolicy-webhook.healthpolicy-system.svc", now: Date.now() };

async function planFor(authority: Oddities, leaf: Oddities) {
  return certificatePlan(await issue(WHERE, authority, leaf), WHERE.dnsName, WHERE.now);
}

test.each<[string, Oddities, Oddities]>([
  ["P-256", {}, {}],
  ["P-384", {}, { algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } }],
  ["RSA of 2,048 bits", {}, { algorithm: rsa(2_048) }],
  [
    "somewhat longer lives",
    { lifetime: CA_LIFETIME_MILLISECONDS * 1.9 },
    { lifetime: LEAF_LIFETIME_MILLISECONDS * 1.9 },
  ],
])("certificates with %s are kept", async (_, authority, leaf) => {
  expect(await planFor(authority, leaf)).toEqual({ action: "keep" });
});

test.each<[string, Oddities, string]>([
  ["a weak key", { algorithm: rsa(1_024) }, "the authority has a weak key"],
  ["a SHA-1 signature", { algorithm: rsa(2_048, "SHA-1") }, "the authority has a weak signature"],
  ["too long a life", { lifetime: CA_LIFETIME_MILLISECONDS * 2.1 }, "the authority lives too long"],
  // OpenSSL takes no such certificate for the issuer of another.
  ["no right to sign", { signs: false }, "there is no usable certificate"],
  ["no CA flag", { ca: false }, "the authority has no CA flag"],
])("an authority with %s is replaced with all that it signed", async (_, authority, reason) => {
  expect(await planFor(authority, {})).toEqual({ action: "create", reason });
});

test("an authority beside the one that signs counts too", async () => {
  const data = await issue(WHERE, {}, {});
  const other = await issue(WHERE, { lifetime: CA_LIFETIME_MILLISECONDS * 2.1 }, {});
  const both = { ...data, "ca.crt": `${data["ca.crt"]}\n${other["ca.crt"]}` };
  expect(certificatePlan(both, WHERE.dnsName, WHERE.now)).toEqual({
    action: "create",
    reason: "the authority lives too long",
  });
});

test.each<[string, Oddities, string]>([
  ["a weak key", { algorithm: rsa(1_024) }, "the certificate has a weak key"],
  [
    "too long a life",
    { lifetime: LEAF_LIFETIME_MILLISECONDS * 2.1 },
    "the certificate lives too long",
  ],
  ["the CA flag", { ca: true }, "the certificate has the CA flag"],
  ["the purpose of clients", { purposes: [CLIENT_PURPOSE] }, "the certificate is not for servers"],
  ["no purpose", { purposes: [] }, "the certificate is not for servers"],
])("a certificate with %s is made again by the same authority", async (_, leaf, reason) => {
  expect(await planFor({}, leaf)).toEqual({ action: "renew-leaf", reason });
});

test("keys on short curves and of other kinds are weak", async () => {
  const data = await issue(WHERE, {}, {});
  const { publicKey: short } = generateKeyPairSync("ec", { namedCurve: "secp224r1" });
  const { publicKey: dsa } = generateKeyPairSync("dsa", {
    modulusLength: 2_048,
    divisorLength: 256,
  });
  for (const publicKey of [short, dsa]) {
    const leaf = new X509Certificate(data["tls.crt"]);
    Object.defineProperty(leaf, "publicKey", { value: publicKey });
    expect(whyUnsoundLeaf(leaf)).toBe("has a weak key");
  }
});
