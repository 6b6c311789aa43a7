/** What is to be done about the webhook's certificates. Pure: decides from the Secret and the time. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { BACKDATE_MILLISECONDS } from "./lifetimes.ts";
import { whyUnsoundAuthority, whyUnsoundLeaf } from "./why-unsound.ts";

const MINUTE = 60_000;

/**
 * From a new authority entering the bundle to the first certificate that it signs: API servers must
 * trust it first, and the configuration is re-applied every minute.
 */
const TRUST_MILLISECONDS = 10 * MINUTE;
/**
 * From the first certificate of a new authority until the old authority leaves the bundle: by then every
 * replica serves the new certificate.
 */
const SERVE_MILLISECONDS = 60 * MINUTE;

/** The Secret's content as text; keys as they are in `data`. */
export interface CertificateData {
  /** The authorities to trust, the signing one first. */
  "ca.crt": string;
  "ca.key": string;
  "tls.crt": string;
  "tls.key": string;
}

/** The step to take; each leaves a Secret that works. */
export type CertificatePlan =
  /** Nothing usable is there: a new authority and certificate. */
  | { action: "create"; reason: string }
  /** A new authority beside the old one, which goes on serving. */
  | { action: "rotate-ca"; reason: string }
  /** A new certificate by the signing authority. */
  | { action: "renew-leaf"; reason: string }
  /** The bundle is cut down to the signing authority. */
  | { action: "drop-old-ca"; reason: string }
  | { action: "keep" };

interface Parsed {
  authorities: X509Certificate[];
  leaf: X509Certificate;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a bundle, each as PEM text. */
export function splitBundle(bundle: string): string[] {
  return bundle.match(PEM_CERTIFICATE) ?? [];
}

/** Throws when anything is missing, unreadable or does not belong together. */
function parse(data: Partial<CertificateData>): Parsed {
  const authorities = splitBundle(data["ca.crt"] ?? "").map((pem) => new X509Certificate(pem));
  const leaf = new X509Certificate(data["tls.crt"] ?? "");
  if (!leaf.checkPrivateKey(createPrivateKey(data["tls.key"] ?? "")))
    throw new Error("foreign key");
  const [signing] = authorities;
  if (!signing?.checkPrivateKey(createPrivateKey(data["ca.key"] ?? ""))) {
    throw new Error("foreign authority key");
  }
  if (!authorities.some((authority) => signed(authority, leaf))) throw new Error("unknown issuer");
  return { authorities, leaf };
}

function signed(authority: X509Certificate, leaf: X509Certificate): boolean {
  return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
}

function tryParse(data: Partial<CertificateData>): Parsed | undefined {
  try {
    return parse(data);
  } catch {
    return undefined;
  }
}

function madeAt(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom) + BACKDATE_MILLISECONDS;
}

/** Whether less than `share` of the certificate's life is left. */
function isOld(certificate: X509Certificate, now: number, share: number): boolean {
  const end = Date.parse(certificate.validTo);
  return end - now < (end - madeAt(certificate)) * share;
}

/** Milliseconds since the epoch at which the certificate ends; undefined when it cannot be read. */
export function certificateExpiry(data: Partial<CertificateData>): number | undefined {
  const parsed = tryParse(data);
  return parsed && Date.parse(parsed.leaf.validTo);
}

function planRotation({ authorities, leaf }: Parsed, now: number): CertificatePlan | undefined {
  const [signing] = authorities;
  if (!signing || authorities.length < 2) return undefined;
  if (!signed(signing, leaf)) {
    return now - madeAt(signing) >= TRUST_MILLISECONDS
      ? { action: "renew-leaf", reason: "the new authority has been trusted long enough" }
      : { action: "keep" };
  }
  return now - madeAt(leaf) >= SERVE_MILLISECONDS
    ? { action: "drop-old-ca", reason: "every replica serves a certificate of the new authority" }
    : undefined;
}

/**
 * Replaces what is easier to break, or usable for longer, than what we make: somebody may have written it
 * into the Secret.
 */
function planUnsound({ authorities, leaf }: Parsed): CertificatePlan | undefined {
  const authority = authorities.map(whyUnsoundAuthority).find((why) => why !== undefined);
  if (authority) return { action: "create", reason: `the authority ${authority}` };
  const certificate = whyUnsoundLeaf(leaf);
  if (certificate) return { action: "renew-leaf", reason: `the certificate ${certificate}` };
  return undefined;
}

/**
 * The next step for a Secret with this content. `dnsName` is the name under which the API server calls
 * the webhook; `now` in milliseconds since the epoch.
 */
export function certificatePlan(
  data: Partial<CertificateData>,
  dnsName: string,
  now: number,
): CertificatePlan {
  const parsed = tryParse(data);
  if (!parsed) return { action: "create", reason: "there is no usable certificate" };
  const [signing] = parsed.authorities;
  if (!signing || Date.parse(signing.validTo) <= now) {
    return { action: "create", reason: "the authority has expired" };
  }
  const unsound = planUnsound(parsed);
  if (unsound) return unsound;
  // Before anything that waits: with such a certificate no call succeeds.
  if (parsed.leaf.checkHost(dnsName) === undefined) {
    return { action: "renew-leaf", reason: "the certificate is for another name" };
  }
  if (Date.parse(parsed.leaf.validTo) <= now) {
    return { action: "renew-leaf", reason: "the certificate has expired" };
  }
  const rotation = planRotation(parsed, now);
  if (rotation) return rotation;
  if (isOld(signing, now, 1 / 3)) {
    return { action: "rotate-ca", reason: "a third of the authority's life is left" };
  }
  if (isOld(parsed.leaf, now, 1 / 3)) {
    return { action: "renew-leaf", reason: "a third of the certificate's life is left" };
  }
  return { action: "keep" };
}
