/** Every dependency type that this sidecar can check, each loaded on first use. */
import type { Check } from "./check.ts";

/**
 * A type's code is imported when a policy first names it: nobody pays for what no policy of the pod needs.
 * The type is the name of its slot in the API.
 */
const LOADERS: Record<string, () => Promise<Check>> = {
  http: async () => (await import("./http/http.ts")).http,
  memcached: async () => (await import("./memcached/memcached.ts")).memcached,
  mysql: async () => (await import("./mysql/mysql.ts")).mysql,
  postgresql: async () => (await import("./postgresql/postgresql.ts")).postgresql,
  redis: async () => (await import("./redis/redis.ts")).redis,
  tcp: async () => (await import("./tcp/tcp.ts")).tcp,
};

/** The types of LOADERS, sorted. */
export const CHECK_TYPES: readonly string[] = Object.keys(LOADERS).sort();

/** The check of `type`; undefined when this sidecar does not know the type (a later policy's). */
export async function loadCheck(type: string): Promise<Check | undefined> {
  return Object.hasOwn(LOADERS, type) ? LOADERS[type]?.() : undefined;
}
