/** What is to be done about the webhook's certificates. Pure: decides from the Secret and the time. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { authorityKey } from "./authority-key.ts";
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

/** All of it, with the key of the signing authority. */
interface ParsedWhole extends Parsed {
  /** Whether we can sign by that key. */
  canSign: boolean;
}

type Texts = Partial<CertificateData>;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a bundle, each as PEM text. */
export function splitBundle(bundle: string): string[] {
  return bundle.match(PEM_CERTIFICATE) ?? [];
}

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function certificatesOf(bundle = ""): X509Certificate[] {
  return splitBundle(bundle).map((pem) => new X509Certificate(pem));
}

/** What is shown to API servers, and what they trust. Throws where these do not belong together. */
function parseServed(data: Texts): Parsed {
  const authorities = certificatesOf(data["ca.crt"]);
  const chain = certificatesOf(data["tls.crt"]);
  const [leaf] = chain;
  if (!leaf?.checkPrivateKey(createPrivateKey(data["tls.key"] ?? ""))) {
    throw new Error("foreign key");
  }
  // Somebody else's certificate may come with those between it and its authority.
  if (!chain.some((one) => authorities.some((authority) => signed(authority, one)))) {
    throw new Error("unknown issuer");
  }
  return { authorities, leaf };
}

/** Throws when anything is missing, unreadable or not as we make it. */
function parse(data: Texts): ParsedWhole {
  const parsed = parseServed(data);
  const { authorities, leaf } = parsed;
  const [signing] = authorities;
  if (!signing?.checkPrivateKey(createPrivateKey(data["ca.key"] ?? ""))) {
    throw new Error("foreign authority key");
  }
  if (!authorities.some((authority) => signed(authority, leaf))) throw new Error("unknown issuer");
  const key = tryTo(({ "ca.key": pem = "" }) => authorityKey(pem), data);
  return { ...parsed, canSign: key !== undefined };
}

function tryTo<T>(read: (data: Texts) => T, data: Texts): T | undefined {
  try {
    return read(data);
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

/** Milliseconds since the epoch at which the certificate ends; undefined where it cannot be used. */
export function certificateExpiry(data: Texts): number | undefined {
  const served = tryTo(parseServed, data);
  return served && Date.parse(served.leaf.validTo);
}

/**
 * The authorities that API servers are to trust, as PEM text and nothing beside it; undefined where key, certificate
 * and authorities do not belong together. Replicas go on serving what they had then, which nobody would trust any
 * longer who was told of such authorities.
 */
export function trustedAuthorities(data: Texts): string | undefined {
  return tryTo(parseServed, data) && splitBundle(data["ca.crt"] ?? "").join("\n");
}

/** The end of a sentence, or undefined while the certificate is valid. */
function whyNotNow(certificate: X509Certificate, now: number): string | undefined {
  if (Date.parse(certificate.validTo) <= now) return "has expired";
  // Made while a leader's clock was ahead: API servers would refuse it until their own clocks are as far.
  return Date.parse(certificate.validFrom) > now ? "is not valid yet" : undefined;
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
 * Replaces what is easier to break, or usable for longer, than what we make, and an authority that we could not renew
 * anything with: somebody may have written it into the Secret.
 */
function planUnsound({ authorities, leaf, canSign }: ParsedWhole): CertificatePlan | undefined {
  const authority = authorities.map(whyUnsoundAuthority).find((why) => why !== undefined);
  if (authority) return { action: "create", reason: `the authority ${authority}` };
  // Before whatever has it sign. The certificate that it has signed is served until the new one is trusted.
  if (!canSign) return { action: "rotate-ca", reason: "the authority's key is not of P-256" };
  const certificate = whyUnsoundLeaf(leaf);
  if (certificate) return { action: "renew-leaf", reason: `the certificate ${certificate}` };
  return undefined;
}

/**
 * The next step for a Secret with this content. `dnsName` is the name under which the API server calls
 * the webhook; `now` in milliseconds since the epoch.
 */
export function certificatePlan(data: Texts, dnsName: string, now: number): CertificatePlan {
  const parsed = tryTo(parse, data);
  const [signing] = parsed?.authorities ?? [];
  if (!parsed || !signing) return { action: "create", reason: "there is no usable certificate" };
  const authorityNotNow = whyNotNow(signing, now);
  if (authorityNotNow) return { action: "create", reason: `the authority ${authorityNotNow}` };
  const unsound = planUnsound(parsed);
  if (unsound) return unsound;
  // Before anything that waits: with such a certificate no call succeeds.
  if (parsed.leaf.checkHost(dnsName) === undefined) {
    return { action: "renew-leaf", reason: "the certificate is for another name" };
  }
  const leafNotNow = whyNotNow(parsed.leaf, now);
  if (leafNotNow) return { action: "renew-leaf", reason: `the certificate ${leafNotNow}` };
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
