/** One session of MySQL or MariaDB: log in, ask, say goodbye. */
import { CheckError } from "../check.ts";
import { type Conversation, isServerError } from "./mysql-conversation.ts";
import type { Greeting } from "./mysql-greeting.ts";
import { type LoginContext, logIn } from "./mysql-login.ts";
import { QUIT, queryMessage } from "./mysql-messages.ts";

/** What is asked. */
export interface Question {
  query: string;
  /** How many milliseconds are left for it. */
  remaining(): number;
  /** Called once the server has taken the login. */
  onLogin?: (() => void) | undefined;
}

/** First bytes of packets. */
const OK = 0x00;
const END_OF_PART = 0xfe;
/** A packet that begins as END_OF_PART and is longer is a row, whose first value is very long. */
const END_MAX_LENGTH = 8;
/** The number of columns is one byte up to 250, or this and two bytes. */
const MAX_ONE_BYTE = 250;
const TWO_BYTES = 0xfc;
/** The most columns that a table of either server can have. */
const MAX_COLUMNS = 4_096;

const UNKNOWN_VARIABLE = 1193;
const NOT_SUPPORTED = 1235;

/**
 * For this session alone. A query that writes is refused by the server: checks run every few seconds in every pod, and
 * one that changes what it looks at would do harm.
 */
const READ_ONLY = "SET SESSION TRANSACTION READ ONLY";

/**
 * Logs in, runs the query and gives the number of its rows. Rejects with a CheckError, a ServerError or a stream's
 * error. In the end it says goodbye: a server counts clients that just hang up.
 */
export async function countRows(
  conversation: Conversation,
  context: LoginContext,
  { query, remaining, onLogin }: Question,
): Promise<number> {
  await logIn(conversation, context);
  onLogin?.();
  try {
    // TiDB refuses it by default, since its sessions cannot be read-only: each of its servers would be down for good.
    await set(conversation, READ_ONLY, NOT_SUPPORTED);
    // MySQL before 5.7.8, and what speaks its protocol, has no such limit.
    await set(conversation, limitStatement(context.greeting, remaining()), UNKNOWN_VARIABLE);
    return await rowsOf(conversation, query);
  } finally {
    await conversation.end(QUIT);
  }
}

/** Sets something for the session, unless the server answers that error: it does not have this setting. */
async function set(conversation: Conversation, statement: string, lacking: number): Promise<void> {
  try {
    await rowsOf(conversation, statement);
  } catch (error) {
    if (!isServerError(error, lacking)) throw error;
  }
}

/**
 * A time limit on the server, which does not notice that its client has gone while a query runs: without the limit each
 * check of a query that hangs would leave one more session behind. At least 1, since 0 means no limit. MariaDB counts
 * in seconds, of which whole ones are sent: of a number with a point ProxySQL does not know which server it is for, and
 * then refuses a query that its rules send elsewhere (9006).
 */
export function limitStatement({ isMariaDb }: Greeting, milliseconds: number): string {
  const limit = (unit: number) => Math.max(1, Math.ceil(milliseconds / unit));
  return isMariaDb
    ? `SET SESSION max_statement_time = ${limit(1_000)}`
    : `SET SESSION max_execution_time = ${limit(1)}`;
}

async function rowsOf(conversation: Conversation, query: string): Promise<number> {
  conversation.command(queryMessage(query));
  const first = await conversation.next();
  if (first[0] === OK) return 0;
  let columns = columnCount(first);
  for (; columns > 0; columns -= 1) {
    if (isEnd(await conversation.next())) throw new CheckError("ProtocolError");
  }
  if (!isEnd(await conversation.next())) throw new CheckError("ProtocolError");
  let rows = 0;
  while (!isEnd(await conversation.next())) rows += 1;
  return rows;
}

/** Also refuses the request for a file of the client (LOAD DATA LOCAL), which is none of the numbers. */
function columnCount(packet: Buffer): number {
  const [first = 0] = packet;
  if (packet.length === 1 && first <= MAX_ONE_BYTE) return first;
  const columns = packet.length === 3 && first === TWO_BYTES ? packet.readUInt16LE(1) : 0;
  if (columns === 0 || columns > MAX_COLUMNS) throw new CheckError("ProtocolError");
  return columns;
}

function isEnd(packet: Buffer): boolean {
  return packet[0] === END_OF_PART && packet.length <= END_MAX_LENGTH;
}
