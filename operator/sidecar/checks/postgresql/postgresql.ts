/** PostgreSQL: log in over a new connection and ask for a row. */

import type { Socket } from "node:net";
import type { PostgresqlConfig } from "../../../api/policy-file.ts";
import { isQueryText } from "../../../api/wire-text.ts";
import { raceAbort } from "../abort.ts";
import { type Check, type CheckContext, CheckError } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { codeOf, reasonOfError } from "../reason-of-error.ts";
import { targetFingerprint } from "../target-fingerprint.ts";
import { secure } from "../tls/secure.ts";
import type { LoginContext } from "./postgresql-login.ts";
import { countRows, limitedQuery } from "./postgresql-session.ts";
import { type PostgresqlTarget, postgresqlTarget } from "./postgresql-target.ts";
import {
  createDeriver,
  createKeyMemory,
  type DeriveKeys,
  type ScramKeyMemory,
} from "./scram-key-memory.ts";
import { offersTls } from "./ssl-request.ts";

/**
 * The check for `postgresql` dependencies, with its host names looked up by `resolve` and the keys of
 * passwords derived by `deriveKeys`.
 */
export function createPostgresql(resolve: Resolve, deriveKeys = createDeriver()): Check {
  // By the dependency's own object, so that its keys are gone when the policy no longer has it.
  const memories = new WeakMap<PostgresqlConfig, ScramKeyMemory>();
  const memoryOf = (config: PostgresqlConfig) => {
    const memory = memories.get(config) ?? createKeyMemory(deriveKeys);
    memories.set(config, memory);
    return memory;
  };
  return {
    type: "postgresql",
    async run({ postgresql: config }, context) {
      if (!config || !isQueryText(config.query)) throw new CheckError("Misconfigured");
      const keys = memoryOf(config);
      const target = await readTarget(config, context, keys);
      context.onTarget?.(targetFingerprint({ ...target.login, tlsMode: target.tls.mode }));
      const query = () => limitedQuery(config.query, context.remainingMilliseconds());
      return ask(target, { ...context, resolve, query, keys });
    },
  };
}

/** The check as the sidecar runs it. */
export const postgresql: Check = createPostgresql(systemResolve);

/** Without its Secret, nothing that was derived from it stays. */
async function readTarget(
  config: PostgresqlConfig,
  context: CheckContext,
  keys: ScramKeyMemory,
): Promise<PostgresqlTarget> {
  try {
    return await raceAbort(postgresqlTarget(config, context), context.signal);
  } catch (error) {
    keys.forget();
    throw error;
  }
}

interface AskContext extends CheckContext {
  resolve: Resolve;
  /** The query with the time that is left for it. */
  query(): string;
  keys: ScramKeyMemory;
}

/** How far a conversation has come, for whoever learns of its failure. */
interface Progress {
  /** The server has said yes to TLS. */
  offersTls: boolean;
  loggedIn: boolean;
}

/** pg_hba.conf refuses the login as it is made. A wrong password has another code: it is to cost one login. */
const REFUSED_BY_RULE = "28000";

/** As libpq does, Prefer comes back in clear where the server refuses the handshake or the login over TLS. */
function ask(target: PostgresqlTarget, context: AskContext): Promise<{ tls: boolean }> {
  const { login, tls } = target;
  const progress = { offersTls: false, loggedIn: false };
  return withConnection(login, context, async (socket) => {
    const { remoteAddress = login.host } = socket;
    try {
      return await askOver(socket, target, { ...context, progress });
    } catch (error) {
      if (tls.mode !== "Prefer" || !isRefusedOverTls(error, progress)) throw error;
      socket.destroy();
      // The same server, and no second wait for name servers that are silent.
      const endpoint = { host: remoteAddress, port: login.port };
      return askInClear(endpoint, target, { ...context, refusal: error });
    }
  });
}

interface AskInClearContext extends AskContext {
  /** What the server said over TLS. */
  refusal: unknown;
}

/**
 * Where no login succeeds either, what was said over TLS counts: a server that takes none in clear may say so in a way
 * that takes running pods out. One that starts says so before it looks at how somebody comes.
 */
async function askInClear(
  endpoint: Endpoint,
  { login, tls }: PostgresqlTarget,
  { refusal, ...context }: AskInClearContext,
): Promise<{ tls: boolean }> {
  const target: PostgresqlTarget = { login, tls: { ...tls, mode: "Disable" } };
  const progress = { offersTls: false, loggedIn: false };
  try {
    return await withConnection(endpoint, context, (socket) =>
      askOver(socket, target, { ...context, progress, withholdsPassword: true }),
    );
  } catch (error) {
    throw progress.loggedIn || reasonOfError(error) === "ServerStarting" ? error : refusal;
  }
}

/**
 * By the server. A CheckError is the check's own: it broke off a handshake that cost too much or brought what may not
 * come, or began none. An app, which has no such limits, goes on encrypted; a login in clear would be read by whoever
 * listens.
 */
function isRefusedOverTls(error: unknown, { offersTls, loggedIn }: Progress): boolean {
  if (!offersTls || loggedIn || error instanceof CheckError) return false;
  return codeOf(error) === REFUSED_BY_RULE || reasonOfError(error) === "TLSFailed";
}

interface AskOverContext extends AskContext, Pick<LoginContext, "withholdsPassword"> {
  /** Written to. */
  progress: Progress;
}

/** The whole check over one connection. */
async function askOver(
  socket: Socket,
  { login, tls }: PostgresqlTarget,
  context: AskOverContext,
): Promise<{ tls: boolean }> {
  const { signal, onConnect, onHandshake, query, keys, progress, withholdsPassword } = context;
  const secured = await secure(socket, tls, {
    host: login.host,
    offersTls: async () => {
      progress.offersTls = await offersTls({ stream: socket, socket, signal });
      return progress.offersTls;
    },
    onHandshake,
    signal,
  });
  const { stream, certificate } = secured;
  const session = { stream, socket, signal, login, certificate, withholdsPassword };
  const deriveKeys: DeriveKeys = (source, waiting) => keys.derive(source, waiting, onConnect);
  const rows = await countRows({ ...session, deriveKeys }, () => {
    progress.loggedIn = true;
    context.lineBreaks?.loggedIn();
    return query();
  });
  if (rows === 0) throw new CheckError("InvalidResponse");
  return { tls: secured.tls };
}
