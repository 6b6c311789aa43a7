/** For tests: certificates that the operator would never make, as somebody could put them into its Secret. */
// Before x509, whose dependencies read the metadata that it defines while they load.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { CertificateData } from "../certificate-plan.ts";
import { CA_LIFETIME_MILLISECONDS, LEAF_LIFETIME_MILLISECONDS } from "../lifetimes.ts";

/** OID of the purpose of a TLS server. */
const SERVER_PURPOSE = "1.3.6.1.5.5.7.3.1";
/** OID of the purpose of a TLS client. */
export const CLIENT_PURPOSE = "1.3.6.1.5.5.7.3.2";
const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** What differs from a certificate of the operator's. */
export interface Oddities {
  /** Algorithm of the key and of what it signs, as WebCrypto names it. */
  algorithm?: { name: string; hash: string; modulusLength?: number; namedCurve?: string };
  /** Milliseconds. */
  lifetime?: number;
  ca?: boolean;
  /** OIDs of its purposes; the extension is left out where there are none. */
  purposes?: string[];
  /** Whether the authority's key may sign certificates. */
  signs?: boolean;
  /** The authority's. */
  name?: x509.Name;
}

/** An RSA key of so many bits, signing with `hash`. */
export function rsa(modulusLength: number, hash = "SHA-256") {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return { name: "RSASSA-PKCS1-v1_5", modulusLength, publicExponent, hash };
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function generate(algorithm: object): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, [
    "sign",
    "verify",
  ]);
}

function validity(now: number, lifetime: number) {
  return { notBefore: new Date(now - 1_000), notAfter: new Date(now + lifetime) };
}

/** A Secret's content, whole and valid at `now`, with these oddities. */
export async function issue(
  { dnsName, now }: { dnsName: string; now: number },
  authority: Oddities,
  leaf: Oddities,
): Promise<CertificateData> {
  const caAlgorithm = authority.algorithm ?? P256;
  const usage = authority.signs === false ? "digitalSignature" : "keyCertSign";
  const caKeys = await generate(caAlgorithm);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: authority.name ?? "CN=odd-authority",
    ...validity(now, authority.lifetime ?? CA_LIFETIME_MILLISECONDS),
    keys: caKeys,
    signingAlgorithm: caAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(authority.ca ?? true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags[usage], true),
    ],
  });
  const keys = await generate(leaf.algorithm ?? P256);
  const purposes = leaf.purposes ?? [SERVER_PURPOSE];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "CN=odd-leaf",
    issuer: ca.subjectName,
    ...validity(now, leaf.lifetime ?? LEAF_LIFETIME_MILLISECONDS),
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: caAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(leaf.ca ?? false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: dnsName }]),
      ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
    ],
  });
  return {
    "ca.crt": ca.toString("pem"),
    "ca.key": await keyPem(caKeys.privateKey),
    "tls.crt": certificate.toString("pem"),
    "tls.key": await keyPem(keys.privateKey),
  };
}
