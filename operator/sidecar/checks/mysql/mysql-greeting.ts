/** Pure: the first packet of a MySQL or MariaDB server -> what it offers. */
import { CheckError } from "../check.ts";

/** What both sides may be able to do, as bits. Only what a check asks about. */
export const CAPABILITIES = {
  longPassword: 1 << 0,
  connectWithDatabase: 1 << 3,
  protocol41: 1 << 9,
  tls: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  pluginAuthentication: 1 << 19,
  connectAttributes: 1 << 20,
} as const;

/** How a server introduces itself. */
export interface Greeting {
  capabilities: number;
  /** Random bytes that the answer to them proves the password with. */
  challenge: Buffer;
  /** The way to log in that the server prefers. */
  plugin: string;
  /** MariaDB names some variables differently. */
  isMariaDb: boolean;
}

/** The only version since MySQL 3.21. */
const PROTOCOL_VERSION = 10;
/** Every way to log in that is known here takes as many. */
export const CHALLENGE_LENGTH = 20;
/** Offsets from the end of the version's text: connection id, challenge, filler, flags and so on. */
const FIRST_CHALLENGE = { start: 4, end: 12 };
const LOWER_CAPABILITIES = 13;
const UPPER_CAPABILITIES = 18;
/** Twelve bytes, and a NUL after them. */
const SECOND_CHALLENGE = { start: 31, end: 43 };
const PLUGIN = 44;

/** Servers since MySQL 4.1 and every MariaDB have them; an older login cannot be spoken safely. */
const NEEDED =
  CAPABILITIES.protocol41 | CAPABILITIES.secureConnection | CAPABILITIES.pluginAuthentication;

/** Throws ProtocolError for what is no greeting of a server that a check can log in to. */
export function parseGreeting(body: Buffer): Greeting {
  const versionEnd = body.indexOf(0, 1);
  const fields = body.subarray(versionEnd + 1);
  if (body[0] !== PROTOCOL_VERSION || versionEnd < 0 || fields.length < PLUGIN) {
    throw new CheckError("ProtocolError");
  }
  const capabilities =
    fields.readUInt16LE(LOWER_CAPABILITIES) | (fields.readUInt16LE(UPPER_CAPABILITIES) << 16);
  if ((capabilities & NEEDED) !== NEEDED) throw new CheckError("ProtocolError");
  return {
    capabilities,
    challenge: Buffer.concat([
      fields.subarray(FIRST_CHALLENGE.start, FIRST_CHALLENGE.end),
      fields.subarray(SECOND_CHALLENGE.start, SECOND_CHALLENGE.end),
    ]),
    plugin: textUntilNul(fields.subarray(PLUGIN)),
    isMariaDb: /mariadb/i.test(body.toString("latin1", 1, versionEnd)),
  };
}

/** A text that a NUL ends, or the end of the packet. */
export function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}
