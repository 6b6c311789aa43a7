/** One real server for each dependency type, what a policy says of them, and the folder that a pod with it mounts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { effectivePolicy } from "../../operator/api/effective-policy.ts";
import { POLICY_FILE, secretKeyPath } from "../../operator/api/names.ts";
import { rawPolicy } from "../../operator/api/testing/policy.ts";
import type { HealthPolicySpec } from "../../operator/api/v1alpha1.ts";
import { policyConfigMap } from "../../operator/controller/policy/configmap.ts";
import { startNginx } from "../../operator/sidecar/checks/http/testing/real-nginx.ts";
import { startMemcached } from "../../operator/sidecar/checks/memcached/testing/real-memcached.ts";
import {
  APP,
  createDatabaseFolder as createMariadbFolder,
} from "../../operator/sidecar/checks/mysql/testing/real-mariadb.ts";
import {
  createDatabaseFolder,
  SUPERUSER,
} from "../../operator/sidecar/checks/postgresql/testing/real-postgresql.ts";
import { createRedisFolder } from "../../operator/sidecar/checks/redis/testing/real-redis.ts";
import { createCertificates } from "../../operator/sidecar/checks/testing/certificates.ts";

/** What a policy may check. */
export type Dependencies = HealthPolicySpec["dependencies"];

/** Looked up in /etc/hosts, and the name in the certificates. */
export const HOST = "localhost";
/** The Secret in which all their keys are. */
export const SECRET = "servers";
const VERIFY = { mode: "VerifyFull", caSecret: { secretName: SECRET, key: "ca" } } as const;

const certificates = createCertificates();
const KEYS: Record<string, string> = {
  username: SUPERUSER.user,
  password: SUPERUSER.password,
  "mysql-username": APP.user,
  "mysql-password": APP.password,
  ca: certificates.ca,
};

/** What MOUNTED_KEYS_ENV says of the Secret that writeMounted writes. */
export const MOUNTED_KEYS: string = Object.keys(KEYS)
  .map((key) => `${SECRET}/${key}`)
  .join(",");

/** Starts them all on loopback; `stop` also removes their files. */
export async function startServers() {
  const certificate = certificates.server(HOST);
  const database = createDatabaseFolder();
  const mariadb = createMariadbFolder();
  const redis = [createRedisFolder(), createRedisFolder()] as const;
  const servers = {
    database: await database.start({}, certificate),
    mariadb: await mariadb.start({}, certificate),
    cache: await startMemcached(),
    web: await startNginx(certificate),
    redis: await redis[0].start(),
    redisTls: await redis[1].startTls(certificate),
  };
  return {
    servers,
    async stop() {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
      for (const folder of [database, mariadb, ...redis]) folder.remove();
    },
  };
}

/** Running servers. */
export type Servers = Awaited<ReturnType<typeof startServers>>["servers"];

/** The fields of a dependency that is a database of real-postgresql.ts, but for TLS. */
export function postgresqlAt(port: number) {
  return { host: HOST, port, database: SUPERUSER.user, credentials: { secretName: SECRET } };
}

function sql({ database, mariadb }: Servers) {
  return {
    postgresql: postgresqlAt(database.port),
    mysql: {
      host: HOST,
      port: mariadb.port,
      database: "orders",
      credentials: {
        secretName: SECRET,
        usernameKey: "mysql-username",
        passwordKey: "mysql-password",
      },
    },
  };
}

/** The types that have TLS, with it and its authority verified. */
export function encrypted(servers: Servers): Dependencies {
  const { web, redisTls } = servers;
  const { postgresql, mysql } = sql(servers);
  return [
    { name: "database", postgresql: { ...postgresql, tls: VERIFY } },
    { name: "orders", mysql: { ...mysql, tls: VERIFY } },
    { name: "store", redis: { host: HOST, port: redisTls.port, tls: VERIFY } },
    { name: "api", http: { host: HOST, port: web.tlsPort, path: "/plain", tls: VERIFY } },
  ];
}

/** The same types without TLS. */
export function inClear(servers: Servers): Dependencies {
  const { web, redis } = servers;
  const { postgresql, mysql } = sql(servers);
  return [
    { name: "database", postgresql: { ...postgresql, tls: { mode: "Disable" } } },
    { name: "orders", mysql: { ...mysql, tls: { mode: "Disable" } } },
    { name: "store", redis: { host: HOST, port: redis.port } },
    { name: "api", http: { host: HOST, port: web.port, path: "/plain" } },
  ];
}

/** The types that have no TLS. */
export function withoutTls({ cache, web }: Servers): Dependencies {
  return [
    { name: "cache", memcached: { servers: [{ host: HOST, port: cache.port }] } },
    { name: "port", tcp: { host: HOST, port: web.port } },
  ];
}

/** What of a policy may differ from that of other benches: its generation, and any field. */
export interface PolicyChanges {
  generation?: number;
  spec?: Partial<HealthPolicySpec>;
}

/** Writes the folder that a pod with this policy mounts. */
export function writeMounted(
  folder: string,
  dependencies: Dependencies,
  { generation = 1, spec = {} }: PolicyChanges = {},
): void {
  const resolution = effectivePolicy(rawPolicy({ generation }, { ...spec, dependencies }));
  if (!("policy" in resolution)) throw new Error("the policy is refused");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(POLICY_FILE, policyConfigMap(resolution.policy).data[POLICY_FILE] ?? "");
  for (const [key, text] of Object.entries(KEYS)) write(secretKeyPath(SECRET, key), text);
}
