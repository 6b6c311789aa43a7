/** Pure: finds public keys on curves that are costly to read, before OpenSSL sees them. */

const hex = (text: string) => Buffer.from(text, "hex");

/**
 * How a key on an elliptic curve says that it is one: the content of the OBJECT IDENTIFIER 1.2.840.10045.2.1 (RFC 5480,
 * section 2.1.1). There is no other way to write it.
 */
const KEY_ON_CURVE = hex("2a8648ce3d0201");

/**
 * What follows it in keys that are not refused: the name of P-256, P-384 or P-521. OpenSSL knows 80 more, and reads one
 * point of sect571r1 in 3 ms, of which 16 KiB hold 70.
 */
const NAMES: readonly Buffer[] = ["06082a8648ce3d030107", "06052b81040022", "06052b81040023"].map(
  hex,
);

/**
 * What a curve without a name has in its place: what kind of numbers it is made of, the content of the OBJECT
 * IDENTIFIERs 1.2.840.10045.1.1 and 1.2.840.10045.1.2 (RFC 3279, section 2.3.5). Nothing honest has one: RFC 5480,
 * section 2.1.1, forbids it. OpenSSL takes a square root in the numbers of the server's choice as soon as it reads such a
 * key, which keeps a core busy for 0.3 s for each 544 bytes. Looked for by themselves, as other names than KEY_ON_CURVE
 * lead to the same code.
 */
const WITHOUT_NAME: readonly Buffer[] = ["2a8648ce3d0101", "2a8648ce3d0102"].map(hex);

/** The longest of all that is looked for, less one byte: so much of what was seen has to be seen again. */
const HELD = KEY_ON_CURVE.length + 10 - 1;

/** Whether what follows a key's kind is the name of another curve than those of NAMES, as far as it is there. */
function isOtherCurve(following: Buffer): boolean {
  return !NAMES.some((name) => {
    const length = Math.min(name.length, following.length);
    return name.subarray(0, length).equals(following.subarray(0, length));
  });
}

function keysOnCurves(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(KEY_ON_CURVE); at >= 0; at = bytes.indexOf(KEY_ON_CURVE, at + 1)) {
    places.push(at);
  }
  return places;
}

/** Whether a certificate in these bytes has a key on another curve than P-256, P-384 and P-521. */
export function hasRefusedCurve(bytes: Buffer): boolean {
  if (WITHOUT_NAME.some((kind) => bytes.includes(kind))) return true;
  return keysOnCurves(bytes).some((at) =>
    isOtherCurve(bytes.subarray(at + KEY_ON_CURVE.length, at + HELD + 1)),
  );
}

/** The same for bytes that come in pieces; says it with the piece that shows it. Holds a few bytes. */
export function refusedCurveSearch(): (piece: Buffer) => boolean {
  let held = Buffer.alloc(0);
  return (piece) => {
    const bytes = Buffer.concat([held, piece]);
    held = Buffer.from(bytes.subarray(Math.max(0, bytes.length - HELD)));
    return hasRefusedCurve(bytes);
  };
}
