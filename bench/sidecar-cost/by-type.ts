/** What dependency types cost a sidecar in memory: one sidecar per type, and one with all, in one run. `mysql` is not among them yet. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { effectivePolicy } from "../../operator/api/effective-policy.ts";
import {
  MOUNTED_KEYS_ENV,
  POLICY_FILE,
  PORT_ENV,
  secretKeyPath,
} from "../../operator/api/names.ts";
import { rawPolicy } from "../../operator/api/testing/policy.ts";
import type { HealthPolicySpec } from "../../operator/api/v1alpha1.ts";
import { policyConfigMap } from "../../operator/controller/policy/configmap.ts";
import { startNginx } from "../../operator/sidecar/checks/http/testing/real-nginx.ts";
import { startMemcached } from "../../operator/sidecar/checks/memcached/testing/real-memcached.ts";
import {
  createDatabaseFolder,
  SUPERUSER,
} from "../../operator/sidecar/checks/postgresql/testing/real-postgresql.ts";
import { createRedisFolder } from "../../operator/sidecar/checks/redis/testing/real-redis.ts";
import { createCertificates } from "../../operator/sidecar/checks/testing/certificates.ts";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { bundle, imageFlags } from "./image.ts";
import { type Program, startProgram } from "./program.ts";

type Dependencies = HealthPolicySpec["dependencies"];

/** Looked up in /etc/hosts, and the name in the certificates. */
const HOST = "localhost";
const SECRET = "servers";
const CREDENTIALS = { secretName: SECRET };
const VERIFY = { mode: "VerifyFull", caSecret: { secretName: SECRET, key: "ca" } } as const;

const certificates = createCertificates();
const KEYS: Record<string, string> = {
  username: SUPERUSER.user,
  password: SUPERUSER.password,
  ca: certificates.ca,
};

async function startServers() {
  const certificate = certificates.server(HOST);
  const database = createDatabaseFolder();
  const redis = [createRedisFolder(), createRedisFolder()] as const;
  const servers = {
    database: await database.start({}, certificate),
    cache: await startMemcached(),
    web: await startNginx(certificate),
    redis: await redis[0].start(),
    redisTls: await redis[1].startTls(certificate),
  };
  return {
    servers,
    async stop() {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
      for (const folder of [database, ...redis]) folder.remove();
    },
  };
}

type Servers = Awaited<ReturnType<typeof startServers>>["servers"];

/** One row of the result each. */
function policies({ database, cache, web, redis, redisTls }: Servers): [string, Dependencies][] {
  const sql = {
    host: HOST,
    port: database.port,
    database: SUPERUSER.user,
    credentials: CREDENTIALS,
  };
  const encrypted: Dependencies = [
    { name: "database", postgresql: { ...sql, tls: VERIFY } },
    { name: "store", redis: { host: HOST, port: redisTls.port, tls: VERIFY } },
    { name: "api", http: { host: HOST, port: web.tlsPort, path: "/plain", tls: VERIFY } },
  ];
  const inClear: Dependencies = [
    { name: "database", postgresql: { ...sql, tls: { mode: "Disable" } } },
    { name: "store", redis: { host: HOST, port: redis.port } },
    { name: "api", http: { host: HOST, port: web.port, path: "/plain" } },
    { name: "cache", memcached: { servers: [{ host: HOST, port: cache.port }] } },
    { name: "port", tcp: { host: HOST, port: web.port } },
  ];
  const typeOf = (dependency: Dependencies[number] | undefined) =>
    Object.keys(dependency ?? {}).find((field) => field !== "name") ?? "";
  return [
    ...inClear.map((one): [string, Dependencies] => [`${typeOf(one)}, in clear`, [one]]),
    ...encrypted.map((one): [string, Dependencies] => [`${typeOf(one)}, TLS`, [one]]),
    ["all types, TLS where they have it", [...encrypted, ...inClear.slice(encrypted.length)]],
  ];
}

/** The folder that a pod mounts. */
function writeMounted(folder: string, dependencies: Dependencies): void {
  const resolution = effectivePolicy(rawPolicy({}, { dependencies }));
  if (!("policy" in resolution)) throw new Error("the policy is refused");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(POLICY_FILE, policyConfigMap(resolution.policy).data[POLICY_FILE] ?? "");
  for (const [key, text] of Object.entries(KEYS)) write(secretKeyPath(SECRET, key), text);
}

async function start(
  folder: string,
  bundled: string,
  dependencies: Dependencies,
): Promise<Program> {
  writeMounted(folder, dependencies);
  mkdirSync(join(folder, "state"));
  const { flags, env } = imageFlags();
  const port = await freePort();
  const settings = {
    [PORT_ENV]: String(port),
    [MOUNTED_KEYS_ENV]: Object.keys(KEYS)
      .map((key) => `${SECRET}/${key}`)
      .join(","),
    HEALTHPOLICY_CONFIG_PATH: folder,
    HEALTHPOLICY_STATE_PATH: join(folder, "state"),
  };
  return startProgram({ args: [...flags, bundled], env: { ...env, ...settings }, port });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-bench-"));
  const bundled = join(folder, "sidecar.cjs");
  await bundle("operator/cmd/sidecar.ts", bundled);
  const { servers, stop } = await startServers();
  const programs: [string, Program][] = [];
  try {
    for (const [index, [name, dependencies]] of policies(servers).entries()) {
      // It is ready once every check has succeeded.
      programs.push([name, await start(join(folder, String(index)), bundled, dependencies)]);
    }
    await sleep(Number(values.minutes) * 60_000);
    console.log(
      "\n| policy | of its own, MiB | with its share of common pages, MiB | ready |\n|---|---|---|---|",
    );
    for (const [name, program] of programs) {
      const { anonymous, proportional } = program.memory();
      const ready = (await program.probe()) === 200 ? "yes" : "no";
      console.log(`| ${name} | ${anonymous.toFixed(1)} | ${proportional.toFixed(1)} | ${ready} |`);
    }
  } finally {
    await Promise.all(programs.map(([, program]) => program.stop()));
    await stop();
    rmSync(folder, { recursive: true });
  }
}

await main();
