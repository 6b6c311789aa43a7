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
import { TIMING as BUILT_IN } from "../../api/testing/timing.ts";
import type { Timing } from "../../api/timing.ts";
import { createSecretReader } from "../read-secret-key.ts";
import { runChecks } from "../run-checks.ts";
import type { CheckResult } from "../verdict.ts";
import { startMemcached } from "./memcached/testing/real-memcached.ts";
import { MAX_ROUNDS } from "./postgresql/scram.ts";
import { isSslRequest, LOGGED_IN, message } from "./postgresql/testing/fake-postgresql.ts";
import { offerTls } from "./postgresql/testing/offer-tls.ts";
import {
  createDatabaseFolder,
  type DatabaseFolder,
  SUPERUSER,
} from "./postgresql/testing/real-postgresql.ts";
import { loadCheck } from "./registry.ts";
import type { ServerCertificate } from "./testing/certificates.ts";
import { type FakeServer, startFakeServer, writeForEver } from "./testing/fake-server.ts";
import type { RealServer } from "./testing/real-server.ts";
import { chainOfExponents, chainOfNames } from "./tls/testing/costly-chains.ts";
import { startChainServer, type TlsServer } from "./tls/testing/tls-server.ts";

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

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const SASL = message("R", int32(10), "SCRAM-SHA-256\0\0");

/** Answers the client's first nonce by as many challenges as fit into what a check reads. */
function floodOfChallenges(socket: Socket): void {
  socket.on("data", (chunk) => {
    const nonce = /n=\*,r=([^,]*)$/.exec(chunk.toString("latin1"))?.[1];
    if (isSslRequest(chunk)) socket.write("N");
    else if (chunk[0] === 0) socket.write(SASL);
    else if (nonce !== undefined) {
      const salt = Buffer.from(String(Math.random())).toString("base64");
      const text = `r=${nonce}S,s=${salt},i=${MAX_ROUNDS}`;
      socket.write(Buffer.concat(Array(600).fill(message("R", int32(11), text))));
    }
  });
}

/** After the login, `bytes` without end. */
const afterLogin = (bytes: Buffer) => (socket: Socket) =>
  socket.on("data", (chunk) => {
    if (isSslRequest(chunk)) socket.write("N");
    else if (chunk[0] === 0) writeForEver(socket, Buffer.concat([LOGGED_IN, bytes]));
  });

const HOSTILE: [name: string, serve: (socket: Socket) => void][] = [
  ["flood-of-challenges-1", floodOfChallenges],
  ["flood-of-challenges-2", floodOfChallenges],
  ["flood-of-challenges-3", floodOfChallenges],
  ["flood-of-challenges-4", floodOfChallenges],
  ["flood-of-challenges-5", floodOfChallenges],
  ["notices-without-end", afterLogin(message("N", "SNOTICE\0C00000\0Mhello\0\0"))],
  ["one-giant-message", afterLogin(Buffer.from([0x44, 0x7f, 255, 255, 255]))],
  ["rows-that-were-not-asked-for", afterLogin(message("D", Buffer.from([0, 0])))],
  ["zeros-without-end", (socket) => writeForEver(socket, Buffer.alloc(16_384))],
  ["silence", () => {}],
];

/** What these servers send in their handshake, which a policy asks for unless it says otherwise. */
const HOSTILE_CHAINS: [name: string, chain: ServerCertificate][] = [
  ["chain-of-names-1", chainOfNames(1_600, 255)],
  ["chain-of-names-2", chainOfNames(1_600, 255)],
  ["chain-of-names-3", chainOfNames(1_600, 255)],
  ["chain-of-exponents", chainOfExponents(46, 3_072)],
];

let mounted: string;
let folder: DatabaseFolder;
let servers: RealServer[] = [];
let fakes: FakeServer[] = [];
let chains: TlsServer[] = [];

beforeAll(async () => {
  mounted = mkdtempSync(join(tmpdir(), "healthpolicy-hostile-"));
  for (const [key, text] of [
    ["username", SUPERUSER.user],
    ["password", SUPERUSER.password],
  ] as const) {
    const path = join(mounted, secretKeyPath("db", key));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  folder = createDatabaseFolder();
  servers = [await folder.start(), await startMemcached()];
  fakes = await Promise.all(HOSTILE.map(([, serve]) => startFakeServer(serve)));
  chains = await Promise.all(
    HOSTILE_CHAINS.map(async ([, chain]) => offerTls(await startChainServer(chain))),
  );
}, START_TIMEOUT);
afterAll(async () => {
  const hostile = [...fakes, ...chains];
  await Promise.all([
    ...servers.map((server) => server.stop()),
    ...hostile.map((it) => it.close()),
  ]);
  folder?.remove();
  rmSync(mounted, { recursive: true });
});

const database = (name: string, port: number): DependencyConfig => ({
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

/** Runs their checks beside those of healthy ones, which must all succeed; gives the reasons of each hostile one. */
async function reasonsBesideHealthy(hostile: DependencyConfig[]): Promise<unknown[]> {
  const [postgres, memcached] = servers;
  const healthy: DependencyConfig[] = [
    database("healthy", postgres?.port ?? 0),
    {
      name: "cache",
      type: "memcached",
      impact: "Gate",
      memcached: {
        servers: [{ host: "127.0.0.1", port: memcached?.port ?? 0 }],
        minAvailable: 1,
      },
    },
  ];
  const results = new Map<string, CheckResult[]>();
  const runner = runChecks({
    loadCheck,
    readSecretKey: createSecretReader({
      directory: mounted,
      namespace: "shop",
      mountedKeys: new Set(["db/username", "db/password"]),
      log: () => {},
    }),
    onResult: ({ name }, result) => results.set(name, [...(results.get(name) ?? []), result]),
  });
  const dependencies = [...hostile, ...healthy];
  runner.apply({ policy: "web", generation: 1, mode: "Enforce", timing: TIMING, dependencies });
  await sleep(RUN_MILLISECONDS);
  runner.stop();

  for (const { name } of healthy) {
    const got = results.get(name) ?? [];
    expect(got.length).toBeGreaterThanOrEqual(LEAST_RESULTS);
    expect(got.filter(({ ok }) => !ok)).toEqual([]);
  }
  return hostile.map(({ name }) => [
    name,
    [...new Set(results.get(name)?.map((result) => (result.ok ? "ok" : result.reason)))],
  ]);
}

test(
  "the healthy ones succeed at every check beside servers of PostgreSQL that send anything",
  async () => {
    const hostile = HOSTILE.map(([name], index) => database(name, fakes[index]?.port ?? 0));
    expect(await reasonsBesideHealthy(hostile)).toEqual(
      HOSTILE.map(([name]) => [name, [name === "silence" ? "CheckTimeout" : "ProtocolError"]]),
    );
  },
  START_TIMEOUT,
);

test(
  "and beside servers whose certificates take longer to read than there is time",
  async () => {
    const hostile = HOSTILE_CHAINS.map(([name], index) => database(name, chains[index]?.port ?? 0));
    expect(await reasonsBesideHealthy(hostile)).toEqual(
      HOSTILE_CHAINS.map(([name]) => [name, ["TLSFailed"]]),
    );
  },
  START_TIMEOUT,
);
