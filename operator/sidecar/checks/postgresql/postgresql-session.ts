/** One session of PostgreSQL: log in, ask, say goodbye. */
import { CheckError } from "../check.ts";
import type { ReadSource } from "../network/read-until.ts";
import { reasonOfCachedRefusal } from "./pooler-refusals.ts";
import { type Conversation, converse } from "./postgresql-conversation.ts";
import { type LoginContext, logIn } from "./postgresql-login.ts";
import { queryMessage, TERMINATE } from "./postgresql-messages.ts";

/** What a session runs over and what ends it. */
export type Session = ReadSource & LoginContext;

/**
 * Logs in, runs what `query` gives once the server is ready for it, as one simple query, and returns the
 * number of its rows. Rejects with a CheckError, a stream's error, or a ServerError with its SQLSTATE.
 */
export async function countRows(session: Session, query: () => string): Promise<number> {
  const conversation = converse(session);
  try {
    await logIn(conversation, session);
    conversation.send(queryMessage(query()));
    return await rowsUntilReady(conversation);
  } catch (error) {
    const reason = reasonOfCachedRefusal(error);
    throw reason ? new CheckError(reason) : error;
  } finally {
    await conversation.end(TERMINATE);
  }
}

/** Several statements give several results; their rows are counted together. */
async function rowsUntilReady(conversation: Conversation): Promise<number> {
  let rows = 0;
  let insideResult = false;
  for (;;) {
    const { type } = await conversation.next();
    if (type === "Z") return rows;
    if (!mayFollow(type, insideResult)) throw new CheckError("ProtocolError");
    if (type === "D") rows += 1;
    // A result is a description, its rows, and the end of the command.
    if ("TCI".includes(type)) insideResult = type === "T";
  }
}

/** Rows only after their description. Parameters (S) and notifications (A) may come at any time. */
function mayFollow(type: string, insideResult: boolean): boolean {
  return type === "D" ? insideResult : "TCISA".includes(type);
}

/**
 * A query with a time limit on the server. A server does not notice that its client has gone while a query
 * runs: without the limit each check of a hanging query would leave one more session behind. One message
 * with the query, so that no round trip is added, and LOCAL, so that behind PgBouncer the limit does not
 * outlive the query. At least 1 ms, since 0 means no limit.
 */
export function limitedQuery(query: string, milliseconds: number): string {
  return `SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(milliseconds))}; ${query}`;
}
