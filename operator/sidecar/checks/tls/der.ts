/** Pure: the elements that bytes of DER are made of (X.690), as far as a certificate needs them. */

/** One element. */
export interface DerElement {
  tag: number;
  content: Buffer;
}

/** Tags of those that are looked at. */
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;

/** A tag with all of these bits goes on in further bytes; no part of a certificate has one. */
const LONG_TAG = 0x1f;
/** A length from here on says how many bytes of length follow. */
const LONG_LENGTH = 0x80;
/** The most of them that are read: enough for 16 MB. */
const MAX_LENGTH_BYTES = 3;

interface Read {
  element: DerElement;
  end: number;
}

/**
 * The first elements in `bytes`, `most` at most, however many there are: a client of a hostile server reads what it
 * needs. Ends with the first that cannot be read: one that is cut off, has a long tag, or says its length in a way that
 * is none of DER, which OpenSSL would take.
 */
export function firstElements(bytes: Buffer, most: number): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; elements.length < most; ) {
    const read = readElement(bytes, at);
    if (read === undefined) break;
    elements.push(read.element);
    at = read.end;
  }
  return elements;
}

/** The elements that `bytes` consist of; undefined where they are more than `most`, or anything else is in between. */
export function allElements(bytes: Buffer, most: number): DerElement[] | undefined {
  const elements = firstElements(bytes, most);
  const last = elements.at(-1)?.content;
  const end = last ? last.byteOffset + last.length - bytes.byteOffset : 0;
  return end === bytes.length ? elements : undefined;
}

function readElement(bytes: Buffer, at: number): Read | undefined {
  const [tag, first] = bytes.subarray(at, at + 2);
  if (tag === undefined || first === undefined || (tag & LONG_TAG) === LONG_TAG) return undefined;
  const lengthBytes = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const begin = at + 2 + lengthBytes;
  const length =
    first < LONG_LENGTH ? first : longLength(bytes.subarray(at + 2, begin), lengthBytes);
  if (length === undefined || begin + length > bytes.length) return undefined;
  const end = begin + length;
  return { element: { tag, content: bytes.subarray(begin, end) }, end };
}

/** Undefined also where it is left open (`lengthBytes` is 0), to be ended by a mark. */
function longLength(bytes: Buffer, lengthBytes: number): number | undefined {
  if (lengthBytes === 0 || lengthBytes > MAX_LENGTH_BYTES || bytes.length < lengthBytes) {
    return undefined;
  }
  return bytes.readUIntBE(0, lengthBytes);
}
