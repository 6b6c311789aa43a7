/** Pure: which certificates of a server may come, told before OpenSSL sees them. */
import { cutMessages } from "../network/cut-messages.ts";
import { areAllowedCertificates } from "./allowed-certificates.ts";

/** The head of a message of the handshake: its type and three bytes of length (RFC 8446, section 4). */
const HEAD_LENGTH = 4;
const CERTIFICATE = 11;
const LENGTH_BYTES = 3;
/** Behind each certificate, in TLS 1.3 alone, the length of its extensions. */
const EXTENSIONS_LENGTH_BYTES = 2;

/**
 * The most certificates of one server. OpenSSL looks at the signatures of all, and in 16 KiB there are more than 40
 * with keys on P-521, of which each takes it a millisecond. Honest chains have two to five.
 */
export const MAX_CERTIFICATES = 10;

const messageLength = (bytes: Buffer) =>
  bytes.length < HEAD_LENGTH
    ? Number.POSITIVE_INFINITY
    : HEAD_LENGTH + bytes.readUIntBE(1, LENGTH_BYTES);

const lengthAt = (bytes: Buffer, at: number, size: number) =>
  at + size <= bytes.length ? bytes.readUIntBE(at, size) : undefined;

/**
 * Where the list begins in a message of certificates, and what stands behind each: RFC 5246, section 7.4.2, or
 * RFC 8446, section 4.4.2, where a context of no bytes comes first. No message has both forms, as its length shows.
 */
function formOf(body: Buffer): { begin: number; withExtensions: boolean } | undefined {
  if (lengthAt(body, 0, LENGTH_BYTES) === body.length - LENGTH_BYTES) {
    return { begin: LENGTH_BYTES, withExtensions: false };
  }
  if (body[0] === 0 && lengthAt(body, 1, LENGTH_BYTES) === body.length - 1 - LENGTH_BYTES) {
    return { begin: 1 + LENGTH_BYTES, withExtensions: true };
  }
  return undefined;
}

interface Entry {
  certificate: Buffer;
  end: number;
}

function entryAt(body: Buffer, at: number, withExtensions: boolean): Entry | undefined {
  const begin = at + LENGTH_BYTES;
  const end = begin + (lengthAt(body, at, LENGTH_BYTES) ?? body.length);
  const certificate = body.subarray(begin, end);
  if (!withExtensions) return { certificate, end };
  const extensions = lengthAt(body, end, EXTENSIONS_LENGTH_BYTES);
  if (extensions === undefined) return undefined;
  return { certificate, end: end + EXTENSIONS_LENGTH_BYTES + extensions };
}

/** The certificates of a message, one more than is allowed at most; undefined where it is no such message. */
function certificatesOf(body: Buffer): Buffer[] | undefined {
  const form = formOf(body);
  if (form === undefined) return undefined;
  const certificates: Buffer[] = [];
  let at = form.begin;
  while (at < body.length && certificates.length <= MAX_CERTIFICATES) {
    const entry = entryAt(body, at, form.withExtensions);
    if (entry === undefined || entry.end > body.length) return undefined;
    certificates.push(entry.certificate);
    at = entry.end;
  }
  return certificates;
}

const mayCome = (certificates: readonly Buffer[]) =>
  certificates.length <= MAX_CERTIFICATES && areAllowedCertificates(certificates);

/**
 * Tells of one piece after the other of the messages of a handshake whether it may come. The one that completes the
 * message of certificates, before which OpenSSL reads none of them, may not where they are not allowed or cannot be
 * read here.
 */
export function certificateRule(): (piece: Buffer) => boolean {
  let allowed = true;
  const cut = cutMessages(messageLength, (message) => {
    if (message[0] !== CERTIFICATE) return;
    const certificates = certificatesOf(message.subarray(HEAD_LENGTH));
    allowed &&= certificates !== undefined && mayCome(certificates);
  });
  return (piece) => {
    cut(piece);
    return allowed;
  };
}
