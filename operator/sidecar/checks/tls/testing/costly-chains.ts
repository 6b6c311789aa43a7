/**
 * Test fixture: chains of certificates that cost a client much work before it knows whom it talks to.
 * Written byte by byte, because no honest tool makes such certificates. Only the leaf's key is a real one:
 * nothing else needs to be signed, as a client looks at the signatures last.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { ServerCertificate } from "../../testing/certificates.ts";

/** One element of DER: its tag, its length, what is in it. */
function element(tag: number, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  const { length } = body;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), body]);
  const bytes = length < 65_536 ? [length >> 8] : [length >> 16, (length >> 8) & 255];
  return Buffer.concat([Buffer.from([tag, 0x81 + bytes.length, ...bytes, length & 255]), body]);
}
const sequence = (...content: Buffer[]) => element(0x30, ...content);
const identifier = (hex: string) => element(0x06, Buffer.from(hex, "hex"));
/** A positive number, its first byte below 128. */
const integer = (bytes: Buffer) => element(0x02, bytes);
const bits = (content: Buffer) => element(0x03, Buffer.from([0]), content);
const extension = (hex: string, content: Buffer) =>
  sequence(identifier(hex), element(0x04, content));
const commonName = (text: string) =>
  sequence(element(0x31, sequence(identifier("550403"), element(0x0c, text))));

const ECDSA_SHA256 = sequence(identifier("2a8648ce3d040302"));
const VALIDITY = sequence(element(0x17, "240101000000Z"), element(0x17, "491231235959Z"));
const IS_AUTHORITY = extension("551d13", sequence(element(0x01, Buffer.from([255]))));
/** No signature of any key, but of the right form. */
const NO_SIGNATURE = sequence(integer(Buffer.from([1])), integer(Buffer.from([1])));

const leafKey = generateKeyPairSync("ec", { namedCurve: "P-256" });
const LEAF_KEY = leafKey.publicKey.export({ type: "spki", format: "der" });

interface CertificateContent {
  /** Place in the chain: 0 is the leaf; each is issued by the next. */
  place: number;
  /** DER of its public key; unset: the leaf's. */
  publicKey?: Buffer;
  /** How it claims to be signed, and by which bytes. */
  algorithm?: Buffer;
  signature?: Buffer;
  extensions?: Buffer[];
}

function certificate({ place, ...content }: CertificateContent): Buffer {
  const { publicKey = LEAF_KEY, algorithm = ECDSA_SHA256, signature = NO_SIGNATURE } = content;
  const extensions = [...(content.extensions ?? []), ...(place > 0 ? [IS_AUTHORITY] : [])];
  const toBeSigned = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.from([place + 1])),
    algorithm,
    commonName(`level ${place + 1}`),
    VALIDITY,
    commonName(`level ${place}`),
    publicKey,
    ...(extensions.length > 0 ? [element(0xa3, sequence(...extensions))] : []),
  );
  return sequence(toBeSigned, algorithm, bits(signature));
}

/** PEM texts of a server that sends this chain, the leaf first. */
function served(chain: Buffer[]): ServerCertificate {
  const pem = (der: Buffer) =>
    `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
  return {
    cert: chain.map(pem).join(""),
    key: leafKey.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/**
 * A leaf of `names` mailboxes under an authority that excludes `excluded` others, written so that each of
 * the names times excluded comparisons has to decode one anew. OpenSSL gives up above 1,048,576 comparisons.
 */
export function chainOfNames(names: number, excluded: number): ServerCertificate {
  const mailbox = element(0xa0, identifier("2b06010505070809"), element(0xa0, element(0x0c, "@b")));
  const label = `xn--tda${"a".repeat(53)}`;
  const other = sequence(element(0x81, `${label}.${label}`));
  const subjectNames = sequence(...Array<Buffer>(names).fill(mailbox));
  const constraints = sequence(element(0xa1, ...Array<Buffer>(excluded).fill(other)));
  return served([
    certificate({ place: 0, extensions: [extension("551d11", subjectNames)] }),
    certificate({ place: 1, extensions: [extension("551d1e", constraints)] }),
  ]);
}

/** `authorities` with RSA keys of `keyBits` whose exponents are as long as the keys, so that each signature is slow. */
export function chainOfExponents(authorities: number, keyBits: number): ServerCertificate {
  const number = () => {
    const bytes = randomBytes(keyBits / 8);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
    return bytes;
  };
  const modulus = number();
  modulus[0] = 0xff;
  const exponent = number();
  exponent[0] = 0x7f;
  const signature = number();
  signature[0] = 0x7f;
  const none = Buffer.from([0x05, 0x00]);
  const algorithm = sequence(identifier("2a864886f70d01010b"), none);
  const publicKey = sequence(
    sequence(identifier("2a864886f70d010101"), none),
    bits(sequence(integer(Buffer.concat([Buffer.from([0]), modulus])), integer(exponent))),
  );
  const authority = (_: unknown, index: number) =>
    certificate({ place: index + 1, publicKey, algorithm, signature });
  return served([
    certificate({ place: 0, algorithm, signature }),
    ...Array.from({ length: authorities }, authority),
  ]);
}

/** A prime behind which a square root takes most work for its length: one less than it is divisible by 2 so often. */
const TWOS = 640n;
const PRIME = (141n << TWOS) + 1n;
/** Of a number below it; as a whole number of DER it takes one more, so that it is none below zero. */
const NUMBER_BYTES = 81;

function bytes(number: bigint, length: number): Buffer {
  return Buffer.from(number.toString(16).padStart(2 * length, "0"), "hex");
}

/** A key on a curve of its own, given by one coordinate of a point, so that OpenSSL has to find the other. */
function keyOnMadeUpCurve(): Buffer {
  const number = (value: bigint) => bytes(value, NUMBER_BYTES);
  const positive = (value: bigint) => integer(bytes(value, NUMBER_BYTES + 1));
  const point = Buffer.concat([Buffer.from([2]), number(0n)]);
  // The square of the smallest number that is no square itself.
  const constant = 25n;
  const curve = sequence(
    integer(Buffer.from([1])),
    sequence(identifier("2a8648ce3d0101"), positive(PRIME)),
    sequence(element(0x04, number(1n)), element(0x04, number(constant))),
    element(0x04, point),
    positive((1n << 647n) + 1n),
    integer(Buffer.from([1])),
  );
  return sequence(sequence(identifier("2a8648ce3d0201"), curve), bits(point));
}

/** What fills a certificate and costs nothing to read. */
const comment = (length: number) =>
  extension("6086480186f842010d", element(0x16, "x".repeat(length)));

/** `authorities` with such a key, each of which costs a client as much as some hundred honest ones, or with another. */
export function chainOfCurves(
  authorities: number,
  publicKey = keyOnMadeUpCurve(),
): ServerCertificate {
  const above = Array.from({ length: authorities }, (_, index) =>
    certificate({ place: index + 1, publicKey }),
  );
  return served([certificate({ place: 0, extensions: [comment(300)] }), ...above]);
}

/** `certificates` of about `size` bytes each that cost nothing to read. */
export function chainOfSize(certificates: number, size: number): ServerCertificate {
  return served(
    Array.from({ length: certificates }, (_, place) =>
      certificate({ place, extensions: [comment(size - 330)] }),
    ),
  );
}

/** How many bytes the certificates of a chain take in a handshake. */
export function bytesOf({ cert }: ServerCertificate): number {
  const texts = cert.match(/-----BEGIN CERTIFICATE-----\n[^-]+/g) ?? [];
  return texts.reduce((sum, text) => sum + Buffer.from(text.slice(28), "base64").length + 3, 0);
}
