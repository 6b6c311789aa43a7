import { createECDH, generateKeyPairSync, X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { isAllowedKey } from "./allowed-key.ts";
import { certificateParts } from "./certificate-parts.ts";
import { chainOfCurves, chainOfExponents } from "./testing/costly-chains.ts";

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]*-----|\n/g, ""), "base64");
const hasAllowedKey = (certificate: Buffer) => {
  const parts = certificateParts(certificate);
  return parts !== undefined && isAllowedKey(parts.publicKey);
};
/** A certificate with this public key. */
const withKey = (publicKey?: Buffer) =>
  derOf(chainOfCurves(1, publicKey).cert.split(/(?=-----BEGIN)/)[1] ?? "");
const SPKI = { type: "spki", format: "der" } as const;
const onCurve = (namedCurve: string) =>
  generateKeyPairSync("ec", { namedCurve }).publicKey.export(SPKI);
const rsa = (publicExponent: number) =>
  generateKeyPairSync("rsa", { modulusLength: 1_024, publicExponent }).publicKey.export(SPKI);
/** The same key under another identifier of as many bytes. */
function renamed(key: Buffer, from: string, to: string): Buffer {
  const at = key.indexOf(Buffer.from(from, "hex"));
  expect(at).toBeGreaterThan(0);
  return Buffer.concat([
    key.subarray(0, at),
    Buffer.from(to, "hex"),
    key.subarray(at + from.length / 2),
  ]);
}

/** The same key under the identifier of SM2, which is a byte longer. */
function underSm2(key: Buffer): Buffer {
  const at = key.indexOf(Buffer.from("2a8648ce3d0201", "hex"));
  const head = key.subarray(0, at).map((byte, place) => byte + (place % 2));
  return Buffer.concat([head, Buffer.from("2a811ccf5501822d", "hex"), key.subarray(at + 7)]);
}

test("all public authorities have allowed keys", () => {
  expect(rootCertificates.length).toBeGreaterThan(100);
  expect(rootCertificates.filter((pem) => !hasAllowedKey(derOf(pem)))).toStrictEqual([]);
});

describe("allowed are", () => {
  test.each<[string, () => Buffer]>([
    ["P-256", () => onCurve("P-256")],
    ["P-384", () => onCurve("P-384")],
    ["P-521", () => onCurve("P-521")],
    ["Ed25519", () => generateKeyPairSync("ed25519").publicKey.export(SPKI)],
    ["Ed448", () => generateKeyPairSync("ed448").publicKey.export(SPKI)],
    ["RSA", () => rsa(65_537)],
    ["RSA with an exponent of 32 bits", () => rsa(4_294_967_291)],
    [
      "RSASSA-PSS",
      () => generateKeyPairSync("rsa-pss", { modulusLength: 1_024 }).publicKey.export(SPKI),
    ],
  ])("%s", (_, key) => {
    const certificate = withKey(key());
    expect(hasAllowedKey(certificate)).toBe(true);
    expect(new X509Certificate(certificate).publicKey).toBeDefined();
  });
});

describe("refused are", () => {
  test.each<[string, () => Buffer]>([
    ["another curve", () => onCurve("secp224r1")],
    ["a curve of another kind of numbers", () => onCurve("sect571r1")],
    [
      "a point of which one coordinate is missing",
      () => {
        const key = createECDH("sect571r1");
        key.generateKeys();
        return Buffer.concat([
          onCurve("sect571r1").subarray(0, -143),
          key.getPublicKey(null, "compressed"),
        ]);
      },
    ],
    ["SM2", () => onCurve("SM2")],
    ["another curve under the identifier of SM2", () => underSm2(onCurve("secp224r1"))],
    ["an allowed curve under the identifier of SM2", () => underSm2(onCurve("P-256"))],
    [
      "DSA",
      () =>
        generateKeyPairSync("dsa", { modulusLength: 1_024, divisorLength: 160 }).publicKey.export(
          SPKI,
        ),
    ],
    [
      "an algorithm that nobody knows",
      () => renamed(rsa(65_537), "2a864886f70d010101", "2a864886f70d010163"),
    ],
    [
      "a key on a curve that says it is one of RSA",
      () => renamed(onCurve("P-256"), "2a8648ce3d0301", "2a8648ce3d0302"),
    ],
    ["no key", () => Buffer.from("3000", "hex")],
    ["a made-up curve", () => Buffer.alloc(0)],
  ])("%s", (_, key) => {
    const publicKey = key();
    expect(hasAllowedKey(withKey(publicKey.length > 0 ? publicKey : undefined))).toBe(false);
  });

  test("an exponent as long as the key", () => {
    const [leaf = "", authority = ""] = chainOfExponents(1, 1_024).cert.split(/(?=-----BEGIN)/);
    expect(hasAllowedKey(derOf(leaf))).toBe(true);
    expect(hasAllowedKey(derOf(authority))).toBe(false);
  });

  test("what is no certificate, or one that is cut off", () => {
    const certificate = withKey(onCurve("P-256"));
    for (let length = 0; length < certificate.length; length += 1) {
      expect(hasAllowedKey(certificate.subarray(0, length))).toBe(false);
    }
  });
});

test("a certificate of version 1, which does not say so", () => {
  const certificate = withKey(onCurve("P-256"));
  const version = Buffer.from("a003020102", "hex");
  const at = certificate.indexOf(version);
  const older = Buffer.concat([certificate.subarray(0, at), certificate.subarray(at + 5)]);
  // Both sequences around it are five bytes shorter.
  for (const length of [2, 6]) older.writeUInt16BE(older.readUInt16BE(length) - 5, length);
  expect(hasAllowedKey(older)).toBe(true);
});
