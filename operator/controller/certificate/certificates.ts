/** Makes the webhook's certificates: an authority of our own and P-256 certificates. */
// Before x509, whose dependencies read the metadata that it defines while they load.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { authorityKey, KEY_ALGORITHM } from "./authority-key.ts";
import { type CertificateData, type CertificatePlan, splitBundle } from "./certificate-plan.ts";
import {
  BACKDATE_MILLISECONDS,
  CA_LIFETIME_MILLISECONDS,
  LEAF_LIFETIME_MILLISECONDS,
} from "./lifetimes.ts";

const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;

interface Authority {
  certificate: x509.X509Certificate;
  key: webcrypto.CryptoKey;
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

function serialNumber(): string {
  // Positive in DER, so that no reader sees a negative number.
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f || 1;
  return Buffer.from(bytes).toString("hex");
}

function validity(now: number, lifetime: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - BACKDATE_MILLISECONDS), notAfter: new Date(now + lifetime) };
}

async function makeAuthority(now: number): Promise<Authority> {
  const keys = await generateKeys();
  const serial = serialNumber();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // A name of its own: verifiers find the issuer by name, and two authorities overlap in a rotation.
    name: `CN=healthpolicy-webhook-ca-${serial.slice(0, 8)}`,
    ...validity(now, CA_LIFETIME_MILLISECONDS),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function makeLeaf(
  authority: Authority,
  dnsName: string,
  now: number,
): Promise<Pick<CertificateData, "tls.crt" | "tls.key">> {
  const keys = await generateKeys();
  const end = Math.min(now + LEAF_LIFETIME_MILLISECONDS, authority.certificate.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // The name proper is in the extension; a common name may hold 64 characters only.
    subject: "CN=healthpolicy-webhook",
    // As its bytes are: written anew from text, they can be another kind of string, and Go's verifiers find no issuer.
    issuer: authority.certificate.subjectName,
    ...validity(now, end - now),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: dnsName }]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  return { "tls.crt": certificate.toString("pem"), "tls.key": await keyPem(keys.privateKey) };
}

function readAuthority(data: CertificateData): Authority {
  const [pem = ""] = splitBundle(data["ca.crt"]);
  return { certificate: new x509.X509Certificate(pem), key: authorityKey(data["ca.key"]) };
}

async function create(dnsName: string, now: number): Promise<CertificateData> {
  const authority = await makeAuthority(now);
  return {
    "ca.crt": authority.certificate.toString("pem"),
    "ca.key": await keyPem(authority.key),
    ...(await makeLeaf(authority, dnsName, now)),
  };
}

async function rotateAuthority(data: CertificateData, now: number): Promise<CertificateData> {
  const authority = await makeAuthority(now);
  // All of them: one that cannot sign may stand before the one that has.
  const previous = splitBundle(data["ca.crt"]);
  return {
    ...data,
    "ca.crt": [authority.certificate.toString("pem"), ...previous].join("\n"),
    "ca.key": await keyPem(authority.key),
  };
}

/** The Secret's content after `action`. `now` in milliseconds since the epoch. */
export async function carryOut(
  action: Exclude<CertificatePlan["action"], "keep">,
  { data, dnsName, now }: { data: Partial<CertificateData>; dnsName: string; now: number },
): Promise<CertificateData> {
  if (action === "create") return create(dnsName, now);
  // Every other plan is made for content that has been read in full.
  const whole = data as CertificateData;
  if (action === "rotate-ca") return rotateAuthority(whole, now);
  if (action === "drop-old-ca") {
    const [signing = ""] = splitBundle(whole["ca.crt"]);
    return { ...whole, "ca.crt": signing };
  }
  return { ...whole, ...(await makeLeaf(readAuthority(whole), dnsName, now)) };
}
