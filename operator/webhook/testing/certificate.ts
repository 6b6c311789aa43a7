/** Certificates for tests: one authority, one leaf for localhost. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Certificate } from "../server.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** As others make them; ours are P-256. */
export const RSA_2048 = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2_048,
};
const DAY_MILLISECONDS = 86_400_000;

type Keys = Awaited<ReturnType<typeof makeKeys>>;

async function makeKeys(algorithm: typeof P256 | typeof RSA_2048) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("privateKey" in keys)) throw new Error("no pair of keys");
  return keys;
}

async function privateKeyPem({ privateKey }: Keys): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

function validity() {
  const now = Date.now();
  return {
    notBefore: new Date(now - DAY_MILLISECONDS),
    notAfter: new Date(now + DAY_MILLISECONDS),
  };
}

/** A fresh authority's certificate and a leaf for `localhost` that it has signed; serial in decimal. */
export async function testCertificate(
  serial: number,
  algorithm: typeof P256 | typeof RSA_2048 = P256,
): Promise<Certificate & { ca: string }> {
  const [authorityKeys, leafKeys] = await Promise.all([makeKeys(P256), makeKeys(algorithm)]);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=test authority ${serial}`,
    keys: authorityKeys,
    signingAlgorithm: P256,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...validity(),
    subject: "CN=localhost",
    issuer: authority.subject,
    serialNumber: serial.toString(16).padStart(2, "0"),
    publicKey: leafKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: P256,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  return {
    ca: authority.toString("pem"),
    cert: leaf.toString("pem"),
    key: await privateKeyPem(leafKeys),
  };
}
