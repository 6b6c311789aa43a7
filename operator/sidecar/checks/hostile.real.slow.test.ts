/**
 * Dependencies that mean ill beside one that is well, in the loops that the sidecar runs: whatever they do,
 * the results of the others go on.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { secretKeyPath } from "../../api/names.ts";
import type { DependencyConfig } from "../../api/policy-file.ts";
import type { Reason } from "../../api/reasons.ts";
import { TIMING as BUILT_IN } from "../../api/testing/timing.ts";
import type { Timing } from "../../api/timing.ts";
import { createSecretReader } from "../read-secret-key.ts";
import { runChecks } from "../run-checks.ts";
import type { CheckResult } from "../verdict.ts";
import { PLAIN } from "./http/testing/http-subject.ts";
import { startNginx } from "./http/testing/real-nginx.ts";
import { startMemcached } from "./memcached/testing/real-memcached.ts";
import { HOSTILE_MYSQL } from "./mysql/testing/hostile-mysql.ts";
import * as mariadb from "./mysql/testing/real-mariadb.ts";
import { HOSTILE_POSTGRESQL } from "./postgresql/testing/hostile-postgresql.ts";
import { offerTls } from "./postgresql/testing/offer-tls.ts";
import {
  createDatabaseFolder,
  type DatabaseFolder,
  SUPERUSER,
} from "./postgresql/testing/real-postgresql.ts";
import { createRedisFolder, type RedisFolder } from "./redis/testing/real-redis.ts";
import { CHECK_TYPES, loadCheck } from "./registry.ts";
import { createCertificates, type ServerCertificate } from "./testing/certificates.ts";
import { startFakeServer, writeForEver } from "./testing/fake-server.ts";
import type { RealServer } from "./testing/real-server.ts";
import { chainOfExponents, chainOfNames } from "./tls/testing/costly-chains.ts";
import { startChainServer } from "./tls/testing/tls-server.ts";

const START_TIMEOUT = 60_000;
const RUN_MILLISECONDS = 8_000;
/** Rounds of checks within that time, less what a busy machine may skip. */
const LEAST_RESULTS = 4;

/** Short, so that many rounds fit. */
const TIMING: Timing = {
  ...BUILT_IN,
  connectTimeoutMilliseconds: 1_000,
  checkTimeoutMilliseconds: 1_400,
  intervalMilliseconds: 1_500,
};

/** A dependency of the name on the port of a server of the test. */
type Slot = (name: string, port: number) => DependencyConfig;

const database: Slot = (name, port) => ({
  name,
  type: "postgresql",
  impact: "Observe",
  postgresql: {
    host: "127.0.0.1",
    port,
    database: "postgres",
    credentials: { secretName: "db", usernameKey: "username", passwordKey: "password" },
    query: "SELECT 1",
  },
});
const mysql: Slot = (name, port) => ({
  name,
  type: "mysql",
  impact: "Gate",
  mysql: {
    host: "127.0.0.1",
    port,
    credentials: { secretName: "mysql", usernameKey: "username", passwordKey: "password" },
    query: "SELECT 1",
  },
});
const cache: Slot = (name, port) => ({
  name,
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "127.0.0.1", port }], minAvailable: 1 },
});
const store: Slot = (name, port) => ({
  name,
  type: "redis",
  impact: "Gate",
  redis: {
    host: "127.0.0.1",
    port,
    credentials: { secretName: "db", usernameKey: "username", passwordKey: "password" },
  },
});
const api: Slot = (name, port) => ({
  name,
  type: "http",
  impact: "Gate",
  http: { ...PLAIN, port, path: "/plain" },
});
const port: Slot = (name, at) => ({
  name,
  type: "tcp",
  impact: "Gate",
  tcp: { host: "127.0.0.1", port: at },
});

interface Running {
  port: number;
  close(): Promise<void>;
}
type Hostile = [name: string, start: () => Promise<Running>, expected?: Reason];

const fake = (serve: (socket: Socket) => void) => () => startFakeServer(serve);
/** One that sends this chain in its handshake, which a policy asks for unless it says otherwise. */
const chain = (certificates: ServerCertificate) => async () =>
  offerTls(await startChainServer(certificates));

const zerosWithoutEnd = fake((socket) => writeForEver(socket, Buffer.alloc(16_384)));
const silence = fake(() => {});

const HOSTILE_DATABASES: Hostile[] = [
  ...HOSTILE_POSTGRESQL.map(([name, serve]): Hostile => [name, fake(serve)]),
  ["zeros-without-end", zerosWithoutEnd],
  ["silence", silence, "CheckTimeout"],
];

const HOSTILE_CHAINS: Hostile[] = [
  ["chain-of-names-1", chain(chainOfNames(1_600, 255)), "TLSFailed"],
  ["chain-of-names-2", chain(chainOfNames(1_600, 255)), "TLSFailed"],
  ["chain-of-names-3", chain(chainOfNames(1_600, 255)), "TLSFailed"],
  ["chain-of-exponents", chain(chainOfExponents(46, 3_072)), "TLSFailed"],
];

/** Says `first` and then `bytes` without end. */
const flood = (first: string, bytes: string) =>
  fake((socket) => {
    socket.write(first);
    writeForEver(socket, Buffer.from(bytes));
  });
const once = (text: string) => fake((socket) => socket.write(text));
const OK = "HTTP/1.1 200 OK\r\n";

const HOSTILE_APIS: Hostile[] = [
  ["fields-without-end", flood(OK, "A: b\r\n")],
  ["one-field-without-end", flood(OK, "a")],
  ["interim-answers-without-end", flood("", "HTTP/1.1 103 Early Hints\r\n\r\n")],
  ["broken-chunks", flood(`${OK}Transfer-Encoding: chunked\r\n\r\n`, "x\r\n")],
  ["one-giant-chunk", once(`${OK}Transfer-Encoding: chunked\r\n\r\nffffffff\r\nx`), "CheckTimeout"],
  ["two-lengths", once(`${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`)],
  ["zeros-without-end", zerosWithoutEnd],
  ["silence", silence, "CheckTimeout"],
];

const NOAUTH = "-NOAUTH Authentication required.\r\n";

const HOSTILE_STORES: Hostile[] = [
  ["an-error-without-end", flood("-ERR ", "x")],
  ["replies-without-end", flood("", "+PONG\r\n")],
  ["pushes-without-end", flood("", ">2\r\n+message\r\n+x\r\n")],
  ["a-giant-bulk-string", once("$536870912\r\nx")],
  [
    "more-after-the-login",
    fake((socket) => socket.on("data", () => socket.write(`${NOAUTH}+OK\r\n`))),
  ],
  [
    "silence-after-the-login",
    fake((socket) => socket.once("data", () => socket.write(NOAUTH))),
    "CheckTimeout",
  ],
  ["zeros-without-end", zerosWithoutEnd],
  ["silence", silence, "CheckTimeout"],
];

const HOSTILE_MYSQL_SERVERS = HOSTILE_MYSQL.map(
  ([name, expected, serve]): Hostile => [name, fake(serve), expected],
);

let mounted: string;
let folder: DatabaseFolder;
let mariadbFolder: mariadb.DatabaseFolder;
let redisFolder: RedisFolder;
let servers: RealServer[] = [];

beforeAll(async () => {
  mounted = mkdtempSync(join(tmpdir(), "healthpolicy-hostile-"));
  for (const [secretName, key, text] of [
    ["db", "username", SUPERUSER.user],
    ["db", "password", SUPERUSER.password],
    ["mysql", "username", mariadb.APP.user],
    ["mysql", "password", mariadb.APP.password],
  ] as const) {
    const path = join(mounted, secretKeyPath(secretName, key));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  folder = createDatabaseFolder();
  const certificate = createCertificates().server("localhost");
  redisFolder = createRedisFolder();
  mariadbFolder = mariadb.createDatabaseFolder();
  servers = [
    await folder.start(),
    await startMemcached(),
    await startNginx(certificate),
    await redisFolder.start([
      ...["--requirepass", SUPERUSER.password],
      ...["--user", SUPERUSER.user, "on", `>${SUPERUSER.password}`, "+ping"],
    ]),
    await mariadbFolder.start(),
  ];
}, START_TIMEOUT);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  folder?.remove();
  redisFolder?.remove();
  mariadbFolder?.remove();
  rmSync(mounted, { recursive: true });
});

/** What the sidecar's loops make of these dependencies in a while, by name. */
async function resultsOf(dependencies: DependencyConfig[]): Promise<Map<string, CheckResult[]>> {
  const results = new Map<string, CheckResult[]>();
  const runner = runChecks({
    loadCheck,
    readSecretKey: createSecretReader({
      directory: mounted,
      mountedKeys: new Set(["db/username", "db/password", "mysql/username", "mysql/password"]),
      log: () => {},
    }),
    onResult: ({ name }, result) => results.set(name, [...(results.get(name) ?? []), result]),
    mayWait: () => true,
    decidesNext: () => false,
  });
  runner.apply({ policy: "web", generation: 1, mode: "Enforce", timing: TIMING, dependencies });
  await sleep(RUN_MILLISECONDS);
  runner.stop();
  return results;
}

test.each<[string, Slot, Hostile[]]>([
  ["databases", database, HOSTILE_DATABASES],
  ["certificates", database, HOSTILE_CHAINS],
  ["HTTP servers", api, HOSTILE_APIS],
  ["servers of Redis", store, HOSTILE_STORES],
  ["servers of MySQL", mysql, HOSTILE_MYSQL_SERVERS],
])(
  "beside hostile %s the healthy ones of every type succeed at every check",
  async (_, slot, hostile) => {
    const [database0, cache0, api0, store0, mysql0] = servers.map((server) => server.port);
    const healthy = [
      database("healthy-database", database0 ?? 0),
      cache("healthy-cache", cache0 ?? 0),
      api("healthy-api", api0 ?? 0),
      store("healthy-store", store0 ?? 0),
      mysql("healthy-mysql", mysql0 ?? 0),
      port("healthy-port", api0 ?? 0),
    ];
    expect(healthy.map(({ type }) => type).sort()).toEqual(CHECK_TYPES);
    const running = await Promise.all(hostile.map(([, start]) => start()));
    const dependencies = hostile.map(([name], index) => slot(name, running[index]?.port ?? 0));
    const results = await resultsOf([...dependencies, ...healthy]);
    await Promise.all(running.map((server) => server.close()));

    for (const { name } of healthy) {
      const got = results.get(name) ?? [];
      expect(got.length).toBeGreaterThanOrEqual(LEAST_RESULTS);
      expect(got.filter(({ ok }) => !ok)).toEqual([]);
    }
    const reasons = hostile.map(([name]) => [
      name,
      [...new Set(results.get(name)?.map((result) => (result.ok ? "ok" : result.reason)))],
    ]);
    expect(reasons).toEqual(
      hostile.map(([name, , expected = "ProtocolError"]) => [name, [expected]]),
    );
  },
  START_TIMEOUT,
);
