/** Pure: the client's side of SCRAM-SHA-256 (RFC 5802 and 7677), as PostgreSQL speaks it. */
import { createHmac, hash, timingSafeEqual, type X509Certificate } from "node:crypto";
import { CheckError } from "../check.ts";

/** How the exchange is tied to the TLS connection below it. */
export interface ChannelBinding {
  mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";
  /** The header of the first message. */
  header: string;
  /** What the header names: the hash of the server's certificate; empty without binding. */
  data: Buffer;
}

/** What a server says about the password that it holds. */
export interface ScramChallenge {
  /** The client's nonce and the server's after it. */
  nonce: string;
  salt: Buffer;
  rounds: number;
}

/** What the password, the salt and the rounds come to. Whoever has it can log in as the user. */
export interface ScramKeys {
  clientKey: Buffer;
  serverKey: Buffer;
}

/** The last words of the client, and what a server that knows the password answers to them. */
export interface ScramProof {
  message: string;
  serverSignature: Buffer;
}

/** No tie to TLS: also right where a proxy ends TLS, as it is for the apps of most drivers. */
export const UNBOUND: ChannelBinding = {
  mechanism: "SCRAM-SHA-256",
  header: "n,,",
  data: Buffer.alloc(0),
};

/**
 * Ties the login to the certificate that the server showed (RFC 5929, tls-server-end-point): whoever stands
 * in between with another certificate cannot pass it on. Undefined without a certificate, and for one whose
 * signature names no hash.
 */
export function endPointBinding(
  certificate: X509Certificate | undefined,
): ChannelBinding | undefined {
  const bits = /SHA-?(1|224|256|384|512)/i.exec(certificate?.signatureAlgorithm ?? "")?.[1];
  if (!certificate || bits === undefined) return undefined;
  // RFC 5929: a certificate signed with SHA-1 is hashed with SHA-256.
  const algorithm = bits === "1" ? "sha256" : `sha${bits}`;
  return {
    mechanism: "SCRAM-SHA-256-PLUS",
    header: "p=tls-server-end-point,,",
    data: hash(algorithm, certificate.raw, "buffer"),
  };
}

/**
 * The most rounds of key derivation that a server may ask for: 4,096 are PostgreSQL's default
 * (`scram_iterations`), and 100,000 are the most that Node.js's driver accepts. They take 11 ms of a core.
 * A server names any number up to 2^31, which would be minutes.
 */
export const MAX_ROUNDS = 100_000;

/**
 * nonce, salt, rounds. PostgreSQL's salt has 16 bytes and its nonce 24 characters after ours; the bounds
 * leave room for other servers. Any extension is one that we do not understand.
 */
const CHALLENGE = /^r=([!-+\--~]{1,256}),s=([A-Za-z0-9+/]{1,342}={0,2}),i=([1-9][0-9]{0,9})$/;
const SIGNATURE = /^v=([A-Za-z0-9+/]{43}=)$/;

const protocolError = () => new CheckError("ProtocolError");

/** The client's first message. The server takes the user's name from the session, not from here. */
export function scramFirst(nonce: string, { header }: ChannelBinding): string {
  return header + firstBare(nonce);
}

/**
 * Reads the server's answer to it. Throws ProtocolError for what is no such answer or is none to this
 * `nonce`, and AuthenticationFailed for more rounds than are computed here: nothing is wrong with the
 * server then, it is only that nobody can log in from here.
 */
export function scramChallenge(text: string, nonce: string): ScramChallenge {
  const [, combined = "", salt = "", rounds] = CHALLENGE.exec(text) ?? [];
  if (!combined.startsWith(nonce) || combined.length === nonce.length) throw protocolError();
  if (Number(rounds) > MAX_ROUNDS) throw new CheckError("AuthenticationFailed");
  return { nonce: combined, salt: Buffer.from(salt, "base64"), rounds: Number(rounds) };
}

/** The two keys behind a salted password (the result of PBKDF2). */
export function scramKeys(saltedPassword: Buffer): ScramKeys {
  return {
    clientKey: hmac(saltedPassword, "Client Key"),
    serverKey: hmac(saltedPassword, "Server Key"),
  };
}

/** The client's last message; `challenge` is the server's text as it came. */
export function scramProof(
  challenge: { text: string; nonce: string },
  keys: ScramKeys,
  { nonce, binding }: { nonce: string; binding: ChannelBinding },
): ScramProof {
  const bound = Buffer.concat([Buffer.from(binding.header), binding.data]).toString("base64");
  const withoutProof = `c=${bound},r=${challenge.nonce}`;
  const everything = `${firstBare(nonce)},${challenge.text},${withoutProof}`;
  const storedKey = hash("sha256", keys.clientKey, "buffer");
  const signature = hmac(storedKey, everything);
  const proof = Buffer.from(keys.clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return {
    message: `${withoutProof},p=${proof.toString("base64")}`,
    serverSignature: hmac(keys.serverKey, everything),
  };
}

/**
 * Throws unless the server's last message proves that it knows the password: ProtocolError for another
 * message, AuthenticationFailed for another proof.
 */
export function verifyServer(text: string, { serverSignature }: ScramProof): void {
  const signature = SIGNATURE.exec(text)?.[1];
  if (signature === undefined) throw protocolError();
  if (!timingSafeEqual(Buffer.from(signature, "base64"), serverSignature)) {
    throw new CheckError("AuthenticationFailed");
  }
}

/**
 * The most bytes of a password that is prepared. How long NFKC takes grows with the square of the marks that follow
 * each other: 1.5 s for 64 KiB, 15 s under the sidecar's CPU limit, in which nothing else runs. PostgreSQL itself
 * prepared no more until version 13.
 */
export const MAX_PREPARED_BYTES = 1_024;

const isAscii = (password: string) => !/[^\0-\x7F]/.test(password);

/** Whether saslPrep takes little time for it. ASCII has no bound: it is left as it is. */
export function canBePrepared(password: string): boolean {
  return isAscii(password) || Buffer.byteLength(password) <= MAX_PREPARED_BYTES;
}

/** Of RFC 4013: other spaces than the ASCII one (table C.1.2 of RFC 3454), and what is left out (B.1). */
const SPACES = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;
const LEFT_OUT =
  /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;

/**
 * A password as it is hashed: the mappings of SASLprep. Its prohibitions are left out, as in other drivers
 * for PostgreSQL: the server hashed such a password, too. Ask canBePrepared() first.
 */
export function saslPrep(password: string): string {
  if (isAscii(password)) return password;
  return password.replace(SPACES, " ").replace(LEFT_OUT, "").normalize("NFKC");
}

function firstBare(nonce: string): string {
  return `n=*,r=${nonce}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
