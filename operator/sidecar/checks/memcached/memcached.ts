/**
 * memcached: every server of the ring is asked for `stats`, over a new connection each. An own client,
 * because npm's `memcached` never calls back for a server that accepts and stays silent.
 */
import type { MemcachedServer } from "../../../api/policy-file.ts";
import { limitSignal } from "../abort.ts";
import { type Check, type CheckContext, CheckError, type CheckSuccess } from "../check.ts";
import { connect } from "../network/connect.ts";
import { readUntil } from "../network/read-until.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { createStatsReader } from "./memcached-stats.ts";

/**
 * The servers are given up this much before the check's own deadline: the caller must still learn which
 * one was silent, and that enough others were not.
 */
const REPORT_MILLISECONDS = 100;

/** The check for `memcached` dependencies, with its host names looked up by `resolve`. */
export function createMemcached(resolve: Resolve): Check {
  return {
    type: "memcached",
    async run({ memcached: config }, context) {
      if (!config || config.servers.length === 0) throw new CheckError("Misconfigured");
      const limit = limitSignal(context.signal, {
        milliseconds: serverTimeout(context),
        reason: "CheckTimeout",
      });
      try {
        const asked = config.servers.map((server) =>
          askStats(server, { ...context, signal: limit.signal, resolve }),
        );
        return outcomeOf(await Promise.allSettled(asked), config.minAvailable);
      } finally {
        limit.clear();
      }
    },
  };
}

/** The check as the sidecar runs it. */
export const memcached: Check = createMemcached(systemResolve);

/** Never before connectTimeout, or a black hole would be reported as a server that accepts and is silent. */
function serverTimeout(context: CheckContext): number {
  const { checkTimeoutMilliseconds: check, connectTimeoutMilliseconds: connectBudget } = context;
  return check - Math.min(REPORT_MILLISECONDS, (check - connectBudget) / 2);
}

async function askStats(
  server: MemcachedServer,
  context: CheckContext & { resolve: Resolve },
): Promise<void> {
  const socket = await connect(server, context);
  try {
    socket.write("stats\r\n");
    await readUntil({ stream: socket, socket, signal: context.signal }, createStatsReader());
  } finally {
    socket.destroy();
  }
}

/** Enough servers up, or TooFewServers; with the index and the reason of each one that is not. */
function outcomeOf(results: PromiseSettledResult<void>[], minAvailable: number): CheckSuccess {
  const down = results.flatMap((result, index) =>
    result.status === "rejected" ? [`servers[${index}]=${reasonOfError(result.reason)}`] : [],
  );
  const detail = down.join(" ");
  if (results.length - down.length < minAvailable) throw new CheckError("TooFewServers", detail);
  return detail === "" ? {} : { detail };
}
