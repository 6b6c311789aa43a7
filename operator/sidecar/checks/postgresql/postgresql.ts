/** PostgreSQL: log in over a new connection and ask for a row. */

import type { PostgresqlConfig } from "../../../api/policy-file.ts";
import { isQueryText } from "../../../api/wire-text.ts";
import { raceAbort } from "../abort.ts";
import { type Check, type CheckContext, CheckError } from "../check.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { targetFingerprint } from "../target-fingerprint.ts";
import { secure } from "../tls/secure.ts";
import { countRows, limitedQuery } from "./postgresql-session.ts";
import { type PostgresqlTarget, postgresqlTarget } from "./postgresql-target.ts";
import { createDeriver, createKeyMemory, type ScramKeyMemory } from "./scram-key-memory.ts";
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
  { readSecretKey, signal }: CheckContext,
  keys: ScramKeyMemory,
): Promise<PostgresqlTarget> {
  try {
    return await raceAbort(postgresqlTarget(config, readSecretKey), signal);
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

async function ask(
  { login, tls }: PostgresqlTarget,
  { query, keys, ...context }: AskContext,
): Promise<{ tls: boolean }> {
  const { signal, onHandshake } = context;
  return withConnection(login, context, async (socket) => {
    const secured = await secure(socket, tls, {
      host: login.host,
      offersTls: () => offersTls({ stream: socket, socket, signal }),
      onHandshake,
      signal,
    });
    const { stream, certificate } = secured;
    const session = { stream, socket, signal, login, certificate, deriveKeys: keys.derive };
    const rows = await countRows(session, query);
    if (rows === 0) throw new CheckError("InvalidResponse");
    return { tls: secured.tls };
  });
}
