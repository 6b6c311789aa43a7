/**
 * memcached: every server of the ring is asked for `stats`, over a new connection each. An own client,
 * because npm's `memcached` never calls back for a server that accepts and stays silent.
 */
import type { MemcachedServer } from "../../../api/policy-file.ts";
import { gatingOf } from "../../../api/reasons.ts";
import { limitSignal } from "../abort.ts";
import { type Check, type CheckContext, CheckError, type CheckSuccess } from "../check.ts";
import { MAX_BYTES, MAX_CHUNKS, type ReadLimits, readUntil } from "../network/read-until.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { problemOfError } from "../problem-of-error.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { createStatsReader } from "./memcached-stats.ts";

/**
 * The servers are given up this much before the check's own deadline: the caller must still learn which
 * one was silent, and that enough others were not.
 */
const REPORT_MILLISECONDS = 100;

/**
 * The least that each server may send, in bytes, in however large a ring. The statistics of memcached 1.6.18 have 2.2
 * KiB in 93 lines; were all numbers in them 20 digits long, it would be 4 KiB. A server that also keeps data on disks
 * has more lines.
 */
const LEAST_BYTES = 8 * 1024;

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
      const { resolveHere, outdate } = outdatingAtLast(resolve);
      try {
        const { signal } = limit;
        const limits = limitsOf(config.servers.length);
        const asked = config.servers.map((server) =>
          askStats(server, { ...context, signal, resolve: resolveHere, limits }),
        );
        return outcomeOf(await Promise.allSettled(asked), config.minAvailable);
      } catch (error) {
        if (gatingOf(reasonOfError(error)) === "Always") outdate();
        throw error;
      } finally {
        limit.clear();
      }
    },
  };
}

/** The check as the sidecar runs it. */
export const memcached: Check = createMemcached(systemResolve);

/**
 * A lookup of which nothing is outdated before `outdate` is called. A ring that is up in spite of some servers that
 * answer wrongly, or whose servers are well and refuse, would else have name servers asked for each of these at every
 * check, which nothing paces: six such rings, only observed, took a healthy pod out, and so did four that were full.
 */
function outdatingAtLast(resolve: Resolve): { resolveHere: Resolve; outdate: () => void } {
  const waiting: (() => void)[] = [];
  return {
    resolveHere: async (...lookup) => {
      const resolution = await resolve(...lookup);
      return { ...resolution, outdate: () => waiting.push(resolution.outdate) };
    },
    outdate: () => {
      for (const outdate of waiting) outdate();
    },
  };
}

/** Never before connectTimeout, or a black hole would be reported as a server that accepts and is silent. */
function serverTimeout(context: CheckContext): number {
  const remaining = context.remainingMilliseconds();
  const afterConnect = remaining - context.connectTimeoutMilliseconds;
  return remaining - Math.min(REPORT_MILLISECONDS, afterConnect / 2);
}

/** What a server may send: a share, so that a hostile one takes nothing from the others of its ring. */
function limitsOf(servers: number): ReadLimits {
  return {
    bytes: Math.max(LEAST_BYTES, Math.floor(MAX_BYTES / servers)),
    chunks: Math.floor(MAX_CHUNKS / servers),
  };
}

async function askStats(
  server: MemcachedServer,
  { limits, ...context }: CheckContext & { resolve: Resolve; limits: ReadLimits },
): Promise<void> {
  await withConnection(server, context, (socket) => {
    socket.write("stats\r\n");
    const source = { stream: socket, socket, signal: context.signal, limits };
    return readUntil(source, createStatsReader());
  });
}

/**
 * Enough servers up, or a failure; with the index and the reason of each one that is not. It is TooFewServers only
 * where those that cannot be reached or answer wrongly are too many. Else it has the reason of one that is well and
 * refuses: what does not take running pods out when it is the only server must not do so in a ring.
 */
function outcomeOf(results: PromiseSettledResult<void>[], minAvailable: number): CheckSuccess {
  const down = results.flatMap((result, index) =>
    result.status === "rejected"
      ? [{ index, error: result.reason, reason: reasonOfError(result.reason) }]
      : [],
  );
  const detail = down.map(({ index, reason }) => `servers[${index}]=${reason}`).join(" ");
  const up = results.length - down.length;
  if (up >= minAvailable) return detail === "" ? {} : { detail };
  const refusing = down.filter(({ reason }) => gatingOf(reason) !== "Always");
  const [first] = refusing;
  if (!first || up + refusing.length < minAvailable)
    throw new CheckError("TooFewServers", { detail });
  throw new CheckError(first.reason, { detail, problem: problemOfError(first.error) });
}
