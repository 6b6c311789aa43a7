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
 * server sent. Undefined where it is no RSA key of KEY_BITS, or one too short for the password.
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
  try {
    const key = createPublicKey({ key: pem, format: "pem" });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    const isFit = bits >= KEY_BITS.minimum && bits <= KEY_BITS.maximum;
    return key.asymmetricKeyType === "rsa" && isFit ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Of unequal lengths: the second one again from its beginning. */
function xor(bytes: Buffer, other: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (other[index % other.length] ?? 0)));
}
