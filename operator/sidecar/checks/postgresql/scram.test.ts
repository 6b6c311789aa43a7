import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createCertificates } from "../testing/certificates.ts";
import {
  endPointBinding,
  MAX_ROUNDS,
  saslPrep,
  scramChallenge,
  scramFirst,
  scramKeys,
  scramProof,
  UNBOUND,
  verifyServer,
} from "./scram.ts";

/** That the keys and the proof are right is shown by real servers, in postgresql-login.real.slow.test.ts. */
const NONCE = "abc";
const challenge = (text: string) => scramChallenge(text, NONCE);

test("a challenge is read", () => {
  expect(challenge("r=abcDEF,s=c2FsdA==,i=4096")).toEqual({
    nonce: "abcDEF",
    salt: Buffer.from("salt"),
    rounds: 4096,
  });
});

test("as many rounds as are allowed, and one more", () => {
  expect(challenge(`r=abcDEF,s=c2FsdA==,i=${MAX_ROUNDS}`).rounds).toBe(100_000);
  expect(() => challenge(`r=abcDEF,s=c2FsdA==,i=${MAX_ROUNDS + 1}`)).toThrow(
    "AuthenticationFailed",
  );
});

test.each([
  ["nothing", ""],
  ["the nonce of another exchange", "r=abXDEF,s=c2FsdA==,i=4096"],
  ["a nonce without the server's part", "r=abc,s=c2FsdA==,i=4096"],
  ["a nonce with a comma", "r=abc,D,s=c2FsdA==,i=4096"],
  ["a nonce of 257 characters", `r=abc${"D".repeat(254)},s=c2FsdA==,i=4096`],
  ["no salt", "r=abcDEF,i=4096"],
  ["an empty salt", "r=abcDEF,s=,i=4096"],
  ["a salt that is no base64", "r=abcDEF,s=%,i=4096"],
  ["a salt of 64 KiB", `r=abcDEF,s=${"A".repeat(65_536)},i=4096`],
  ["no rounds", "r=abcDEF,s=c2FsdA=="],
  ["no round at all", "r=abcDEF,s=c2FsdA==,i=0"],
  ["negative rounds", "r=abcDEF,s=c2FsdA==,i=-1"],
  ["rounds in another notation", "r=abcDEF,s=c2FsdA==,i=1e3"],
  ["rounds of 400 digits", `r=abcDEF,s=c2FsdA==,i=${"9".repeat(400)}`],
  ["an extension", "r=abcDEF,s=c2FsdA==,i=4096,x=1"],
  ["an extension that must be understood", "m=1,r=abcDEF,s=c2FsdA==,i=4096"],
])("a challenge with %s: ProtocolError", (_, text) => {
  expect(() => challenge(text)).toThrow("ProtocolError");
});

describe("the proof", () => {
  const keys = scramKeys(Buffer.alloc(32, 1));
  const proofFor = (text: string, nonce = NONCE) =>
    scramProof({ text, nonce: "abcDEF" }, keys, { nonce, binding: UNBOUND });
  const proof = proofFor("r=abcDEF,s=c2FsdA==,i=4096");

  test("says how it is bound and repeats the nonce", () => {
    expect(scramFirst(NONCE, UNBOUND)).toBe("n,,n=*,r=abc");
    expect(proofFor("r=abcDEF,s=c2FsdA==,i=4096").message).toMatch(
      /^c=biws,r=abcDEF,p=[A-Za-z0-9+/]{43}=$/,
    );
  });

  test("depends on everything that was said", () => {
    const others = [proofFor("r=abcDEF,s=c2FsdA==,i=4097"), proofFor("", NONCE), proofFor("", "x")];
    expect(new Set([proof, ...others].map(({ message }) => message)).size).toBe(4);
  });

  test("is answered by a server that knows the password", () => {
    const text = (bytes: Buffer) => `v=${bytes.toString("base64")}`;
    expect(() => verifyServer(text(proof.serverSignature), proof)).not.toThrow();
    const wrong = Buffer.from(proof.serverSignature);
    wrong[31] = (wrong[31] ?? 0) ^ 1;
    expect(() => verifyServer(text(wrong), proof)).toThrow("AuthenticationFailed");
    for (const answer of ["", "v=", "v=c2FsdA==", "e=other-error", `v=${"A".repeat(44)}`]) {
      expect(() => verifyServer(answer, proof)).toThrow("ProtocolError");
    }
  });
});

describe("channel binding", () => {
  const certificate = new X509Certificate(createCertificates().server("localhost").cert);

  test("hashes the certificate with the hash of its signature", () => {
    expect(endPointBinding(certificate)).toEqual({
      mechanism: "SCRAM-SHA-256-PLUS",
      header: "p=tls-server-end-point,,",
      data: Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex"),
    });
  });

  const signed = (signatureAlgorithm: string) =>
    ({ raw: certificate.raw, signatureAlgorithm }) as unknown as X509Certificate;

  test.each([
    ["sha384WithRSAEncryption", 48],
    ["ecdsa-with-SHA512", 64],
    ["sha1WithRSAEncryption", 32],
  ])("%s: %d bytes", (algorithm, length) => {
    expect(endPointBinding(signed(algorithm))?.data).toHaveLength(length);
  });

  test.each(["ED25519", "rsassaPss", ""])("%j names no hash", (algorithm) => {
    expect(endPointBinding(signed(algorithm))).toBeUndefined();
  });

  test("there is none without a certificate", () => {
    expect(endPointBinding(undefined)).toBeUndefined();
  });
});

test.each([
  ["a superuser's password", "a superuser's password"],
  ["no\u00A0break\u3000space", "no break space"],
  ["soft\u00ADhyphen\uFEFF", "softhyphen"],
  ["\uFB01ne", "fine"],
  ["e\u0301", "\u00E9"],
])("%j is hashed as %j", (password, hashed) => {
  expect(saslPrep(password)).toBe(hashed);
});
