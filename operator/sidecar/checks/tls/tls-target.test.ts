/** Which authorities a connection trusts. */
import { expect, test } from "@jest/globals";
import type { TlsMode } from "../../../api/policy-file.ts";
import { createCertificates } from "../testing/certificates.ts";
import { readCa } from "./tls-target.ts";

const { ca } = createCertificates();
const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const CA_SECRET = { secretName: "ca", key: "ca.crt" };

test.each<[TlsMode, typeof CA_SECRET | undefined, string | undefined]>([
  ["VerifyFull", CA_SECRET, ca],
  ["VerifyFull", undefined, undefined],
  ["Require", CA_SECRET, undefined],
  ["Prefer", CA_SECRET, undefined],
  ["Disable", undefined, undefined],
])("%s with %j", async (mode, caSecret, want) => {
  expect(await readCa(mode, caSecret, async () => ca)).toBe(want);
});

test("two certificates are a bundle", async () => {
  const both = `${ca}${ca}`;
  expect(await readCa("VerifyFull", CA_SECRET, async () => both)).toBe(both);
});

test.each([
  ["one that is none, last", `${ca}${BROKEN}`],
  ["one that is none, first", `${BROKEN}${ca}`],
  ["no certificate", "hello"],
  ["nothing", ""],
])("%s: Misconfigured", async (_, text) => {
  const reading = readCa("VerifyFull", CA_SECRET, async () => text);
  await expect(reading).rejects.toMatchObject({ reason: "Misconfigured" });
});
