/**
 * Pure: what a client says to a MySQL or MariaDB server, as bodies of packets. Texts must hold no NUL: it ends a field.
 */
import { CAPABILITIES } from "./mysql-greeting.ts";

/** What the database's administrator sees in performance_schema.session_connect_attrs. */
const PROGRAM_NAME = "healthpolicy";

/** utf8mb4_general_ci, which every server since MySQL 5.5.3 knows: the query is sent in UTF-8. */
const UTF8 = 45;
/** The longest packet that a client may send. The server may still allow less. */
const MAX_PACKET = 1 << 24;

/** Flags, longest packet, character set, and 23 bytes that mean nothing. */
const HEAD_LENGTH = 32;

const COMMAND_QUIT = 1;
const COMMAND_QUERY = 3;

/**
 * Asked for by every check. Not asked for: several statements in one query, files of the client, compression,
 * and what else a server could use to make a client do more than read one result.
 */
const ALWAYS =
  CAPABILITIES.longPassword |
  CAPABILITIES.protocol41 |
  CAPABILITIES.transactions |
  CAPABILITIES.secureConnection |
  CAPABILITIES.pluginAuthentication;

/** Ends the session in order, so that the server does not count an aborted client. */
export const QUIT: Buffer = Buffer.from([COMMAND_QUIT]);

/** As whom to log in, and how. */
export interface HandshakeResponse {
  user: string;
  /** Unset: none is chosen. */
  database?: string | undefined;
  /** The way to log in that `answer` belongs to. */
  plugin: string;
  answer: Buffer;
}

/** What a client asks for depends on these. */
export interface SessionOptions {
  /** Those of the server. */
  capabilities: number;
  tls: boolean;
  /** Whether a database is chosen. */
  database: boolean;
}

/**
 * The request for TLS: the beginning of the message that follows it, then encrypted. Servers do not read it there
 * again, so both must ask for the same.
 */
export function tlsRequest(options: SessionOptions): Buffer {
  return head(flagsOf(options));
}

/** The first message of a login. */
export function handshakeResponse(
  { user, database, plugin, answer }: HandshakeResponse,
  session: Omit<SessionOptions, "database">,
): Buffer {
  const flags = flagsOf({ ...session, database: database !== undefined });
  return Buffer.concat([
    head(flags),
    Buffer.from(`${user}\0`),
    counted(answer),
    Buffer.from(database === undefined ? "" : `${database}\0`),
    Buffer.from(`${plugin}\0`),
    ...(flags & CAPABILITIES.connectAttributes ? [connectAttributes()] : []),
  ]);
}

/** A query of one statement. */
export function queryMessage(query: string): Buffer {
  return Buffer.concat([Buffer.from([COMMAND_QUERY]), Buffer.from(query)]);
}

function flagsOf({ capabilities, tls, database }: SessionOptions): number {
  return (
    ALWAYS |
    (tls ? CAPABILITIES.tls : 0) |
    (database ? CAPABILITIES.connectWithDatabase : 0) |
    (capabilities & CAPABILITIES.connectAttributes)
  );
}

function head(flags: number): Buffer {
  const bytes = Buffer.alloc(HEAD_LENGTH);
  bytes.writeUInt32LE(flags, 0);
  bytes.writeUInt32LE(MAX_PACKET, 4);
  bytes.writeUInt8(UTF8, 8);
  return bytes;
}

function connectAttributes(): Buffer {
  const texts = ["program_name", PROGRAM_NAME].map((text) => counted(Buffer.from(text)));
  return counted(Buffer.concat(texts));
}

/** A length of one byte, which says up to 250, and the bytes. */
function counted(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
