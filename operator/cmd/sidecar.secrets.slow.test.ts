/** One password in every Secret, looked for in all that the program says, whatever its dependencies do. */
import { mkdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { secretKeyPath } from "../api/names.ts";
import type { DependencyConfig, SecretKeyReference } from "../api/policy-file.ts";
import { closedPort } from "../sidecar/checks/testing/contract.ts";
import { type FakeServer, startFakeServer } from "../sidecar/checks/testing/fake-server.ts";
import { CANARY, CANARY_IN_URL, CANARY_USER, tracesOfCanary } from "./testing/canary.ts";
import { get, type Program, status, untilEqual } from "./testing/sidecar-program.ts";
import { createSidecarScene, type SidecarScene } from "./testing/sidecar-scene.ts";

// Eight policies one after the other, each for one round of checks or two.
jest.setTimeout(120_000);

const LOGIN = { secretName: "login", usernameKey: "username", passwordKey: "password" };
const urlOf = (key: string): SecretKeyReference => ({ secretName: "urls", key });

/**
 * One dependency for each way in which a password gets into a check, and one of each other type. The type http has no
 * field for a secret, so people put a token into its path or its Host header.
 */
function dependencies(port: number): DependencyConfig[] {
  const host = "127.0.0.1";
  const common = { impact: "Gate" } as const;
  const query = "SELECT 1";
  return [
    {
      ...common,
      name: "postgresql",
      type: "postgresql",
      postgresql: { host, port, database: "orders", credentials: LOGIN, query },
    },
    { ...common, name: "mysql", type: "mysql", mysql: { host, port, credentials: LOGIN, query } },
    { ...common, name: "redis", type: "redis", redis: { host, port, credentials: LOGIN } },
    {
      ...common,
      name: "postgresql-url",
      type: "postgresql",
      postgresql: { connectionString: urlOf("postgresql"), query },
    },
    {
      ...common,
      name: "mysql-url",
      type: "mysql",
      mysql: { connectionString: urlOf("mysql"), query },
    },
    { ...common, name: "redis-url", type: "redis", redis: { connectionString: urlOf("redis") } },
    {
      ...common,
      name: "memcached",
      type: "memcached",
      memcached: { servers: [{ host, port }], minAvailable: 1 },
    },
    { ...common, name: "tcp", type: "tcp", tcp: { host, port } },
    {
      ...common,
      name: "http",
      type: "http",
      http: {
        host,
        port,
        method: "GET",
        path: `/${CANARY_IN_URL}?token=${CANARY_IN_URL}`,
        hostHeader: `${CANARY.replaceAll(/[^a-z0-9]/g, ".")}.example`,
        expectedStatus: { minimum: 200, maximum: 299 },
        tls: { mode: "Disable" },
      },
    },
  ];
}

const packet = (body: Buffer) =>
  Buffer.concat([Buffer.from([body.length, body.length >> 8, 0, 0]), body]);

/** Servers that say the password themselves, as an error in the words of each protocol. */
const TELLING: [string, (socket: Socket) => void][] = [
  [
    "an error of PostgreSQL that quotes it",
    (socket) => {
      const text = Buffer.from(`SFATAL\0C28P01\0M${CANARY} is wrong\0\0`);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length + 4);
      const error = Buffer.concat([Buffer.from("E"), length, text]);
      // First the request for TLS, which is 8 bytes, then the login.
      socket.on("data", (heard) => socket.write(heard.length === 8 ? "N" : error));
    },
  ],
  [
    "an error of MySQL that quotes it",
    (socket) => {
      const code = Buffer.from([0xff, 0x15, 0x04]);
      socket.write(packet(Buffer.concat([code, Buffer.from(`#28000${CANARY} is wrong`)])));
    },
  ],
  [
    "an error of Redis that repeats what it heard",
    (socket) => socket.on("data", (heard) => socket.write(`-WRONGPASS ${CANARY} ${heard}\r\n`)),
  ],
  ["a page that quotes it", (socket) => socket.end(`HTTP/1.1 401 ${CANARY}\r\n\r\n${CANARY}`)],
  [
    "a redirect that repeats the request",
    (socket) =>
      socket.once("data", (heard) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${heard}`)),
  ],
];

const FAULTS: [string, (socket: Socket) => void][] = [
  ["silence", () => {}],
  ["an end at once", (socket) => socket.end()],
  ["an echo", (socket) => socket.on("data", (heard) => socket.write(heard))],
  ...TELLING,
];

/** What a person can get wrong in a URL, each with the password in it. */
const BROKEN_URLS = [
  `postgresql://shop:${CANARY_IN_URL}@127.0.0.1:port/orders`,
  `postgresql://shop:${CANARY_IN_URL}%zz@127.0.0.1/orders`,
  `postgresql://shop@127.0.0.1/orders?password=${CANARY_IN_URL}&what=${CANARY_IN_URL}`,
  `${CANARY}://shop:${CANARY_IN_URL}@127.0.0.1/orders`,
  `postgresql://shop:${CANARY}@127.0.0.1/orders`,
  `shop:${CANARY}@127.0.0.1`,
  `postgresql://shop:${CANARY_IN_URL}@127.0.0.1/orders\r\n${CANARY}`,
  CANARY.repeat(5_000),
];

let scene: SidecarScene;
let servers: FakeServer[];
let generation: number;
beforeEach(async () => {
  scene = await createSidecarScene();
  servers = [];
  generation = 0;
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await scene.close();
});

async function writeKey(secretName: string, key: string, content: string): Promise<void> {
  const path = join(scene.configPath, secretKeyPath(secretName, key));
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
}

async function writeUrls(port: number): Promise<void> {
  for (const type of ["postgresql", "mysql"]) {
    await writeKey(
      "urls",
      type,
      `${type}://${CANARY_USER}:${CANARY_IN_URL}@127.0.0.1:${port}/orders`,
    );
  }
  await writeKey("urls", "redis", `redis://:${CANARY_IN_URL}@127.0.0.1:${port}`);
}

interface Report {
  up: boolean;
  reason?: string;
}

/**
 * Puts a policy in force, waits until each dependency was checked, and gives all that can be asked for. Every policy
 * has names of its own, or what stood before would count for a dependency whose connection string alone is another.
 */
async function answersOnceChecked(program: Program, policy: DependencyConfig[]): Promise<string> {
  generation += 1;
  const renamed = policy.map((one) => ({ ...one, name: `${one.name}-${generation}` }));
  await scene.writePolicy(renamed, { generation });
  const checked = async () => {
    const said = await status(program);
    const known = said.generation === generation ? said.dependencies : [];
    return known.filter(({ up, reason }: Report) => up || reason).length;
  };
  await untilEqual(checked, policy.length);
  return (await Promise.all(["/status", "/metrics", "/readyz"].map((p) => get(program, p)))).join();
}

const expectNoPassword = (text: string) => expect(tracesOfCanary(text)).toEqual([]);

test("no password is in an answer, metric or line of log, whatever a server does with it", async () => {
  await writeKey("login", "username", CANARY_USER);
  await writeKey("login", "password", CANARY);
  await writeUrls(await closedPort());
  const keys = ["login/username", "login/password", "urls/postgresql", "urls/mysql", "urls/redis"];
  const program = await scene.start(undefined, undefined, keys);
  expectNoPassword(await answersOnceChecked(program, dependencies(await closedPort())));
  for (const [name, serve] of FAULTS) {
    const server = await startFakeServer(serve);
    servers.push(server);
    await writeUrls(server.port);
    const answers = await answersOnceChecked(program, dependencies(server.port));
    expect([name, tracesOfCanary(answers)]).toEqual([name, []]);
    expect(server.accepted()).toBeGreaterThanOrEqual(dependencies(0).length);
  }
  expect(program.output()).toContain("dependency down");
  expectNoPassword(program.output() + program.errors());
});

test("nor where a connection string cannot be read", async () => {
  const keys = BROKEN_URLS.map((_, at) => `url-${at}`);
  await Promise.all(BROKEN_URLS.map((url, at) => writeKey("urls", `url-${at}`, url)));
  const program = await scene.start(
    undefined,
    undefined,
    keys.map((key) => `urls/${key}`),
  );
  const policy = keys.map(
    (key): DependencyConfig => ({
      name: key,
      type: "postgresql",
      impact: "Gate",
      postgresql: { connectionString: urlOf(key), query: "SELECT 1" },
    }),
  );
  expectNoPassword(await answersOnceChecked(program, policy));
  expect(program.output()).toContain("Misconfigured");
  expectNoPassword(program.output() + program.errors());
});
