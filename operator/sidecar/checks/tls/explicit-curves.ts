/** Pure: finds public keys on a curve that the certificate itself makes up, before OpenSSL sees them. */

/**
 * How such a key says what kind of numbers its curve is made of: the content of the OBJECT IDENTIFIERs 1.2.840.10045.1.1
 * and 1.2.840.10045.1.2 (RFC 3279, section 2.3.5). There is no other way to write them, and nothing honest has them:
 * RFC 5480, section 2.1.1, forbids such keys in certificates. OpenSSL takes a square root in the numbers of the
 * server's choice as soon as it reads one, which keeps a core busy for 0.3 s for each 544 bytes.
 */
const KINDS_OF_NUMBERS: readonly Buffer[] = ["2a8648ce3d0101", "2a8648ce3d0102"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const LENGTH = 7;

/** Whether a certificate in these bytes has such a key. */
export function hasExplicitCurve(bytes: Buffer): boolean {
  return KINDS_OF_NUMBERS.some((kind) => bytes.includes(kind));
}

/** The same for bytes that come in pieces; says it with the piece that completes it. Holds six bytes. */
export function explicitCurveSearch(): (piece: Buffer) => boolean {
  let held = Buffer.alloc(0);
  return (piece) => {
    const bytes = Buffer.concat([held, piece]);
    held = Buffer.from(bytes.subarray(Math.max(0, bytes.length - LENGTH + 1)));
    return hasExplicitCurve(bytes);
  };
}
