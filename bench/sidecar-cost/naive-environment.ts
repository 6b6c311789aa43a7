/** What naive.ts finds in its environment. */
import { SUPERUSER } from "../../operator/sidecar/checks/postgresql/testing/real-postgresql.ts";

/** Where it listens, and the servers on `host` that it checks, by their ports. */
export interface NaiveServers {
  port: number;
  host: string;
  database: number;
  caches: readonly number[];
}

/** For a database that real-postgresql.ts has made. */
export function naiveEnvironment(servers: NaiveServers): Record<string, string> {
  const { port, host, database, caches } = servers;
  return {
    NODE_ENV: "production",
    PORT: String(port),
    MEMCACHED_SERVERS: caches.map((cache) => `${host}:${cache}`).join(","),
    PGHOST: host,
    PGPORT: String(database),
    PGUSER: SUPERUSER.user,
    PGPASSWORD: SUPERUSER.password,
    PGDATABASE: SUPERUSER.user,
  };
}
