/** Pure: (way to log in, password, server's challenge) -> what proves the password. */
import { constants, createPublicKey, hash, type KeyObject, publicEncrypt } from "node:crypto";

const NATIVE = "mysql_native_password";
/** MySQL's own since 8.0. */
export const CACHING_SHA2 = "caching_sha2_password";

/** Sent first where the server prefers a way that is not known here: it then says which one the account has. */
export const DEFAULT_PLUGIN: string = NATIVE;

/**
 * A server's key has 2,048 bits unless somebody chose another. With fewer, whoever listens could read the password;
 * with more, a server could make a check as expensive as it likes.
 */
const KEY_BITS = { minimum: 2_048, maximum: 4_096 };

/** OpenSSL's own limit for larger keys, here for all; nearly every key has 65,537. As long as the key it is costly. */
const MAX_EXPONENT = 2n ** 64n;

/** A key of KEY_BITS is a text of 800 bytes at most. */
const MAX_PEM_BYTES = 4_096;

/** The one form in which MySQL sends its key. OpenSSL would also take private keys, and works for seconds on some. */
const PUBLIC_KEY =
  /^-----BEGIN PUBLIC KEY-----\r?\n([0-9A-Za-z+/=\r\n]+)\r?\n-----END PUBLIC KEY-----[\r\n]*$/;

/**
 * The algorithm of an RSA key (RFC 3279): OBJECT IDENTIFIER 1.2.840.113549.1.1.1 with NULL. It stands behind the four
 * bytes that say how long the key is, so that no other kind of key gets to OpenSSL.
 */
const RSA: Buffer = Buffer.from("300d06092a864886f70d0101010500", "hex");
const RSA_OFFSET = 4;

/** The answer to a challenge; empty for an empty password. Undefined for a way to log in that is not known here. */
export function proof(plugin: string, password: string, challenge: Buffer): Buffer | undefined {
  const algorithm = new Map([
    [NATIVE, nativeProof],
    [CACHING_SHA2, sha2Proof],
  ]).get(plugin);
  if (algorithm === undefined) return undefined;
  return password === "" ? Buffer.alloc(0) : algorithm(password, challenge);
}

function nativeProof(password: string, challenge: Buffer): Buffer {
  const once = hash("sha1", password, "buffer");
  const twice = hash("sha1", once, "buffer");
  return xor(once, hash("sha1", Buffer.concat([challenge, twice]), "buffer"));
}

function sha2Proof(password: string, challenge: Buffer): Buffer {
  const once = hash("sha256", password, "buffer");
  const twice = hash("sha256", once, "buffer");
  return xor(once, hash("sha256", Buffer.concat([twice, challenge]), "buffer"));
}

/** The password itself, for an encrypted connection. */
export function clearPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`);
}

/**
 * The password for a connection that is not encrypted, readable with the key of the server alone. `pem` is what the
 * server sent. Undefined where it is no RSA key of KEY_BITS, has an exponent that makes it costly, or is too short for
 * the password.
 */
export function encryptedPassword(
  password: string,
  { challenge, pem }: { challenge: Buffer; pem: Buffer },
): Buffer | undefined {
  const key = rsaKey(pem);
  if (key === undefined) return undefined;
  try {
    const text = xor(clearPassword(password), challenge);
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, text);
  } catch {
    return undefined;
  }
}

function rsaKey(pem: Buffer): KeyObject | undefined {
  const der = rsaDer(pem);
  if (der === undefined) return undefined;
  try {
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    const { modulusLength: bits = 0, publicExponent = MAX_EXPONENT } =
      key.asymmetricKeyDetails ?? {};
    const isFit = bits >= KEY_BITS.minimum && bits <= KEY_BITS.maximum;
    return isFit && publicExponent < MAX_EXPONENT ? key : undefined;
  } catch {
    return undefined;
  }
}

/** What the text holds, if that can be nothing else than a public RSA key. */
function rsaDer(pem: Buffer): Buffer | undefined {
  if (pem.length > MAX_PEM_BYTES) return undefined;
  const [, base64] = PUBLIC_KEY.exec(pem.toString("latin1")) ?? [];
  if (base64 === undefined) return undefined;
  const der = Buffer.from(base64, "base64");
  return der.subarray(RSA_OFFSET, RSA_OFFSET + RSA.length).equals(RSA) ? der : undefined;
}

/** Of unequal lengths: the second one again from its beginning. */
function xor(bytes: Buffer, other: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (other[index % other.length] ?? 0)));
}
