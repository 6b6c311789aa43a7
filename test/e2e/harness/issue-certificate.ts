/** Makes what a Certificate of cert-manager asks for, as cert-manager would: as far as the chart asks for anything. */
// Before x509, whose dependencies read the metadata that it defines while they load.
import "reflect-metadata";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import * as x509 from "@peculiar/x509";

/** `spec` of a Certificate. */
export interface CertificateSpec {
  secretName: string;
  issuerRef: { name: string; kind?: string };
  commonName?: string;
  dnsNames?: string[];
  isCA?: boolean;
  duration: string;
  usages: string[];
  privateKey: { algorithm: string; size: number; rotationPolicy: string };
}

/** What cert-manager writes into a Secret, as text. */
export interface IssuedCertificate {
  "ca.crt": string;
  "tls.crt": string;
  "tls.key": string;
}

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const KEY_USAGES: Record<string, x509.KeyUsageFlags> = {
  "digital signature": x509.KeyUsageFlags.digitalSignature,
  "cert sign": x509.KeyUsageFlags.keyCertSign,
};
const PURPOSES: Record<string, string> = { "server auth": x509.ExtendedKeyUsage.serverAuth };

/** A key of what is asked for; with `rotationPolicy: Never` the one that is there. */
function keyFor({ algorithm, size, rotationPolicy }: CertificateSpec["privateKey"], before = "") {
  if (algorithm !== "ECDSA" || size !== 256) throw new Error(`no key of ${algorithm} ${size}`);
  if (rotationPolicy === "Never" && before) return createPrivateKey(before);
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
}

const publicHalf = (key: KeyObject) => createPublicKey(key).toCryptoKey(P256, true, ["verify"]);

/** Milliseconds of a duration in hours, which is all that the chart writes. */
function milliseconds(duration: string): number {
  const [, hours] = /^(\d+)h$/.exec(duration) ?? [];
  if (hours === undefined) throw new Error(`no duration in hours: ${duration}`);
  return Number(hours) * 3_600_000;
}

function usageExtensions(usages: readonly string[]): x509.Extension[] {
  const unknown = usages.filter((usage) => !(KEY_USAGES[usage] || PURPOSES[usage]));
  if (unknown.length > 0) throw new Error(`unknown usages: ${unknown.join(", ")}`);
  const flags = usages.reduce((all, usage) => all | (KEY_USAGES[usage] ?? 0), 0);
  const purposes = usages.flatMap((usage) => PURPOSES[usage] ?? []);
  return [
    new x509.KeyUsagesExtension(flags, true),
    ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
  ];
}

/** Without a common name the subject is empty, and the names are critical then. */
function nameExtension({ commonName, dnsNames = [] }: CertificateSpec): x509.Extension[] {
  if (dnsNames.length === 0) return [];
  const names = dnsNames.map((value) => ({ type: "dns", value }) as const);
  return [new x509.SubjectAlternativeNameExtension(names, commonName === undefined)];
}

/**
 * What goes into the Secret of a Certificate. `issuer` is the Secret of the authority that signs, undefined where the
 * Certificate signs itself; `before` what the Secret has. `ca.crt` is the authority as it is now, and the key is
 * written as cert-manager writes it, in SEC1.
 */
export async function issueCertificate(
  spec: CertificateSpec,
  issuer: IssuedCertificate | undefined,
  before: Partial<IssuedCertificate> = {},
): Promise<IssuedCertificate> {
  const key = keyFor(spec.privateKey, before["tls.key"]);
  const signingKey = issuer ? createPrivateKey(issuer["tls.key"]) : key;
  const subject = spec.commonName === undefined ? "" : `CN=${spec.commonName}`;
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(15).toString("hex")}`,
    subject,
    issuer: issuer ? new x509.X509Certificate(issuer["tls.crt"]).subject : subject,
    notBefore: new Date(now),
    notAfter: new Date(now + milliseconds(spec.duration)),
    publicKey: publicHalf(key),
    signingKey: signingKey.toCryptoKey(P256, false, ["sign"]),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(spec.isCA ?? false, undefined, true),
      ...usageExtensions(spec.usages),
      ...nameExtension(spec),
      await x509.SubjectKeyIdentifierExtension.create(publicHalf(key)),
      await x509.AuthorityKeyIdentifierExtension.create(publicHalf(signingKey)),
    ],
  });
  const pem = certificate.toString("pem");
  return {
    "ca.crt": issuer ? issuer["tls.crt"] : pem,
    "tls.crt": pem,
    "tls.key": key.export({ type: "sec1", format: "pem" }) as string,
  };
}
