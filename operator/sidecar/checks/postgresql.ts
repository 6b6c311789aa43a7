/** PostgreSQL: log in over a new connection and ask for a row. */

import { raceAbort } from "./abort.ts";
import { type Check, type CheckContext, CheckError } from "./check.ts";
import { connect } from "./connect.ts";
import { countRows } from "./postgresql-session.ts";
import { type PostgresqlTarget, postgresqlTarget } from "./postgresql-target.ts";
import { secure } from "./postgresql-tls.ts";
import { type Resolve, systemResolve } from "./resolve.ts";

/** The check for `postgresql` dependencies, with its host names looked up by `resolve`. */
export function createPostgresql(resolve: Resolve): Check {
  return {
    type: "postgresql",
    async run({ postgresql: config }, context) {
      if (!config || config.query.includes("\0")) throw new CheckError("Misconfigured");
      const started = performance.now();
      const target = await raceAbort(
        postgresqlTarget(config, context.readSecretKey),
        context.signal,
      );
      const remaining = () => context.checkTimeoutMilliseconds - (performance.now() - started);
      return ask(target, { ...context, resolve, query: config.query, remaining });
    },
  };
}

/** The check as the sidecar runs it. */
export const postgresql: Check = createPostgresql(systemResolve);

interface AskContext extends CheckContext {
  resolve: Resolve;
  query: string;
  /** Milliseconds until the deadline. */
  remaining(): number;
}

async function ask(
  { login, tls }: PostgresqlTarget,
  { query, remaining, ...context }: AskContext,
): Promise<{ tls: boolean }> {
  const { signal } = context;
  // A new connection each time: an open one still answers after the Service has lost its last endpoint.
  const socket = await connect(login, context);
  try {
    const secured = await secure(socket, { ...tls, host: login.host }, signal);
    const session = { stream: secured.stream, socket, signal, login };
    const rows = await countRows(session, limited(query, remaining()));
    if (rows === 0) throw new CheckError("InvalidResponse");
    return { tls: secured.tls };
  } finally {
    socket.destroy();
  }
}

/**
 * A server does not notice that its client has gone while a query runs: without a limit of its own each
 * check of a hanging query would leave one more session behind. One message with the query, so that no
 * round trip is added, and LOCAL, so that behind PgBouncer the limit does not outlive the query.
 */
function limited(query: string, milliseconds: number): string {
  return `SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(milliseconds))}; ${query}`;
}
