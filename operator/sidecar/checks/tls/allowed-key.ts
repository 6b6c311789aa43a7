/** Pure: whether the public key of a certificate is one that costs no more to read and to use than honest ones do. */
import {
  BIT_STRING,
  type DerElement,
  firstElements,
  IDENTIFIER,
  INTEGER,
  SEQUENCE,
} from "./der.ts";

/**
 * P-256, P-384 and P-521. OpenSSL knows 80 more, and reads one point of sect571r1 in 3 ms, of which 16 KiB hold 70. A
 * curve without a name is worse: OpenSSL takes a square root in numbers of the server's choice as soon as it reads such
 * a key, which keeps a core busy for 0.3 s for each 544 bytes. RFC 5480, section 2.1.1, forbids it.
 */
const CURVES: ReadonlySet<string> = new Set(["2a8648ce3d030107", "2b81040022", "2b81040023"]);

/**
 * The longest exponent of an RSA key: 32 bits, and a byte that makes it positive. Honest ones have 17 bits. OpenSSL
 * takes as many as the key has where that has at most 3,072, and 5 ms for each signature then.
 */
const MAX_EXPONENT_BYTES = 5;

/** Each public key: the parameters of its algorithm and its bits. */
type Rule = (parameters: DerElement | undefined, key: DerElement) => boolean;

const isOnAllowedCurve: Rule = (parameters) =>
  parameters?.tag === IDENTIFIER && CURVES.has(parameters.content.toString("hex"));

const hasShortExponent: Rule = (_, { content }) => {
  // One byte says how many bits of the last are none of the key's.
  const [numbers] = firstElements(content.subarray(1), 1);
  const [, exponent] = numbers?.tag === SEQUENCE ? firstElements(numbers.content, 2) : [];
  return exponent?.tag === INTEGER && exponent.content.length <= MAX_EXPONENT_BYTES;
};

const always: Rule = () => true;

/**
 * By the content of the OBJECT IDENTIFIER: rsaEncryption and id-RSASSA-PSS (RFC 4055), id-ecPublicKey (RFC 5480),
 * id-Ed25519 and id-Ed448 (RFC 8410). What is not here is refused: under SM2's, OpenSSL reads keys on
 * any curve before it says that they are none.
 */
const ALGORITHMS: ReadonlyMap<string, Rule> = new Map([
  ["2a864886f70d010101", hasShortExponent],
  ["2a864886f70d01010a", hasShortExponent],
  ["2a8648ce3d0201", isOnAllowedCurve],
  ["2b6570", always],
  ["2b6571", always],
]);

/** What `isAllowedKey` takes, for people. */
export const ALLOWED_KEYS = "RSA (exponents up to 32 bits), Ed25519, Ed448, P-256, P-384 or P-521";

/** `publicKey` is a SubjectPublicKeyInfo; false also where it cannot be read. */
export function isAllowedKey({ tag, content }: DerElement): boolean {
  const [algorithm, key] = tag === SEQUENCE ? firstElements(content, 2) : [];
  const [identifier, parameters] =
    algorithm?.tag === SEQUENCE ? firstElements(algorithm.content, 2) : [];
  if (identifier?.tag !== IDENTIFIER || key?.tag !== BIT_STRING) return false;
  return ALGORITHMS.get(identifier.content.toString("hex"))?.(parameters, key) ?? false;
}
