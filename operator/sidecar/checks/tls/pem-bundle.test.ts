import { expect, test } from "@jest/globals";
import { createCertificates } from "../testing/certificates.ts";
import { MAX_AUTHORITIES, readPemBundle } from "./pem-bundle.ts";
import { chainOfCurves } from "./testing/costly-chains.ts";

const GOOD = createCertificates().server("localhost").cert;
const bodyOf = (pem: string) => pem.replace(/-----[^-]*-----|\n/g, "");

test("certificates, whatever is written around them", () => {
  const bundle = readPemBundle(`# of the company\n${GOOD}\r\nand\n${GOOD}`);
  expect(bundle?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(bodyOf(bundle ?? "")).toBe(bodyOf(GOOD).repeat(2));
});

test.each<[string, string]>([
  ["nothing", ""],
  ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
  [
    "one that cannot be read beside a good one",
    `${GOOD}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
  ],
  ["a good one under another title", GOOD.replaceAll("CERTIFICATE", "X509 CERTIFICATE")],
  [
    "one under another title beside it",
    GOOD + GOOD.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE"),
  ],
  ["the beginning of something else", `${GOOD}-----BEGIN PRIVATE KEY-----\n`],
  ["a key on a made-up curve", chainOfCurves(1).cert],
  ["more than can be meant", GOOD.repeat(MAX_AUTHORITIES + 1)],
])("%s is none", (_, text) => {
  expect(readPemBundle(text)).toBeUndefined();
});

test("as many as are allowed", () => {
  expect(readPemBundle(GOOD.repeat(MAX_AUTHORITIES))).toBeDefined();
});

test("what OpenSSL is given is what was read here", () => {
  // It takes lines with a colon for a head and skips them; here they would be a part of the certificate.
  expect(readPemBundle(GOOD.replace("-----\n", "-----\nProc-Type: 4\n\n"))).toBeUndefined();
});
