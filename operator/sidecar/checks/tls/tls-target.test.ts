/** Which authorities a connection trusts. */
import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "@jest/globals";
import type { TlsMode } from "../../../api/policy-file.ts";
import { createCertificates } from "../testing/certificates.ts";
import { authorities } from "./authorities.ts";
import { chainOfCurves } from "./testing/costly-chains.ts";
import { negotiatedTlsTarget, tlsTarget } from "./tls-target.ts";

const { ca } = createCertificates();
const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const BRAINPOOL = generateKeyPairSync("ec", { namedCurve: "brainpoolP256r1" }).publicKey.export({
  type: "spki",
  format: "der",
});
const CA_SECRET = { secretName: "ca", key: "ca.crt" };

test.each<[TlsMode, typeof CA_SECRET | undefined, boolean]>([
  ["VerifyFull", CA_SECRET, true],
  ["VerifyFull", undefined, false],
  ["Require", CA_SECRET, false],
  ["Prefer", CA_SECRET, false],
  ["Disable", undefined, false],
])("%s with %j", async (mode, caSecret, isRead) => {
  const target = await tlsTarget(mode, caSecret, async () => ca);
  expect(target.mode).toBe(mode);
  expect(target.secureContext).toBe(
    isRead ? authorities.secureContextOf(CA_SECRET, ca) : undefined,
  );
});

test("two certificates are a bundle", async () => {
  const both = `${ca}${ca}`;
  const { secureContext } = await tlsTarget("VerifyFull", CA_SECRET, async () => both);
  expect(secureContext).toBeDefined();
});

test("a value may be longer than other Secrets' are", async () => {
  const asked: unknown[] = [];
  await tlsTarget("VerifyFull", CA_SECRET, async (...args) => {
    asked.push(...args);
    return ca;
  });
  expect(asked).toEqual([CA_SECRET, { maximumBytes: 327_680 }]);
});

test.each([
  ["one that is none, last", `${ca}${BROKEN}`],
  ["one that is none, first", `${BROKEN}${ca}`],
  ["a good one whose key is of a kind that is not listed", chainOfCurves(1, BRAINPOOL).cert],
])("%s: Misconfigured", async (_, text) => {
  const reading = tlsTarget("VerifyFull", CA_SECRET, async () => text);
  await expect(reading).rejects.toMatchObject({
    reason: "Misconfigured",
    problem:
      "the value of tls.caSecret is not certificates in PEM form alone, 256 at most, of 8 KiB at most each, with keys of RSA (exponents up to 32 bits), Ed25519, Ed448, P-256, P-384 or P-521, 1 KiB of name constraints at most in all, and 64 at most, of 48 KiB in all, that others have signed",
  });
});

test.each(["hello", ""])("%j: Misconfigured, and nothing is said of bounds", async (text) => {
  const reading = tlsTarget("VerifyFull", CA_SECRET, async () => text);
  await expect(reading).rejects.toMatchObject({
    reason: "Misconfigured",
    problem: "the value of tls.caSecret holds no certificate in PEM form",
  });
});

test.each<[TlsMode | undefined, TlsMode | undefined, TlsMode]>([
  [undefined, undefined, "Prefer"],
  ["Require", undefined, "Require"],
  [undefined, "Disable", "Disable"],
])("%s of the policy and %s of the URL: %s", async (ofPolicy, ofUrl, mode) => {
  const tls = ofPolicy && { mode: ofPolicy };
  expect(await negotiatedTlsTarget(tls, ofUrl, async () => ca)).toEqual({
    mode,
    secureContext: undefined,
  });
});

test("the policy's authority is read where the mode needs it", async () => {
  const tls = { mode: "VerifyFull" as const, caSecret: CA_SECRET };
  expect(await negotiatedTlsTarget(tls, undefined, async () => ca)).toStrictEqual({
    mode: tls.mode,
    secureContext: authorities.secureContextOf(CA_SECRET, ca),
  });
});

test("a mode of the policy and one of the URL, though the same: Misconfigured", async () => {
  const reading = negotiatedTlsTarget({ mode: "Require" }, "Require", async () => ca);
  await expect(reading).rejects.toMatchObject({ reason: "Misconfigured" });
});
