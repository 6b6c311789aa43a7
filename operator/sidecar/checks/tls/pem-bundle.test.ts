import { rootCertificates } from "node:tls";
import { expect, test } from "@jest/globals";
import { createCertificates } from "../testing/certificates.ts";
import {
  MAX_AUTHORITIES,
  MAX_AUTHORITY_BYTES,
  MAX_INTERMEDIATES,
  readPemBundle,
} from "./pem-bundle.ts";
import { chainOfCurves, chainOfNames, chainOfSize } from "./testing/costly-chains.ts";

const bodyOf = (pem: string) => pem.replace(/-----[^-]*-----|\n/g, "");
const certificates = createCertificates();
const ROOT = certificates.ca;
/** Signed by another. */
const GOOD = certificates.server("localhost").cert;
/** A certificate of so many bytes, written with a comment that is adapted to it. */
const ofSize = (size: number) => {
  const about = chainOfSize(1, size).cert;
  const difference = size - Buffer.from(bodyOf(about), "base64").length;
  return chainOfSize(1, size + difference).cert;
};
/** An authority that excludes so many names, in 125 bytes each and 17 around them, and who is below it. */
const constrained = (names: number) => chainOfNames(1, names).cert;

test("certificates, whatever is written around them", () => {
  const bundle = readPemBundle(`# of the company\n${GOOD}\r\nand\n${GOOD}`);
  expect(bundle?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(bodyOf(bundle ?? "")).toBe(bodyOf(GOOD).repeat(2));
});

test("all public authorities", () => {
  expect(rootCertificates.length).toBeGreaterThan(100);
  const bundle = readPemBundle(rootCertificates.join("\n"));
  expect(bundle?.match(/BEGIN CERTIFICATE/g)).toHaveLength(rootCertificates.length);
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
  ["more than can be meant", ROOT.repeat(MAX_AUTHORITIES + 1)],
  ["more that others have signed than a chain can need", GOOD.repeat(MAX_INTERMEDIATES + 1)],
  ["more than 48 KiB of such", GOOD + ofSize(MAX_AUTHORITY_BYTES).repeat(6)],
  [
    "as many that bear the name of another authority",
    certificates.server("test authority").cert.repeat(MAX_INTERMEDIATES + 1),
  ],
  ["one that is longer than can be meant", ofSize(MAX_AUTHORITY_BYTES + 1)],
  ["such a one beside a good one", GOOD + ofSize(MAX_AUTHORITY_BYTES + 1)],
  ["more than 1 KiB of name constraints", constrained(9)],
  ["more than 1 KiB of them in two certificates", constrained(4) + constrained(4)],
])("%s is none", (_, text) => {
  expect(readPemBundle(text)).toBeUndefined();
});

test.each<[string, string]>([
  ["as many", ROOT.repeat(MAX_AUTHORITIES - MAX_INTERMEDIATES) + GOOD.repeat(MAX_INTERMEDIATES)],
  ["as many bytes that others have signed", ROOT + ofSize(MAX_AUTHORITY_BYTES).repeat(6)],
  ["as long ones", ofSize(MAX_AUTHORITY_BYTES)],
  ["as many name constraints", constrained(8)],
])("%s as are allowed", (_, text) => {
  expect(readPemBundle(text)).toBeDefined();
});

test("what OpenSSL is given is what was read here", () => {
  // It takes lines with a colon for a head and skips them; here they would be a part of the certificate.
  expect(readPemBundle(GOOD.replace("-----\n", "-----\nProc-Type: 4\n\n"))).toBeUndefined();
});
