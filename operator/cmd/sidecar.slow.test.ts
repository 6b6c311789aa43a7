/** The program itself, as a child process, against real TCP servers. */
import { mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { POLICY_FILE } from "../api/names.ts";
import { servePostgresql } from "../sidecar/checks/postgresql/testing/fake-postgresql.ts";
import { startFakeServer } from "../sidecar/checks/testing/fake-server.ts";
import { MARKS_FILE } from "../sidecar/marks.ts";
import { end, get, type Program, status, untilEqual } from "./testing/sidecar-program.ts";
import {
  cache,
  createSidecarScene,
  database,
  type SidecarScene,
  TIMING,
} from "./testing/sidecar-scene.ts";

/** Longest time from SIGTERM to the end of the program, in milliseconds. */
const END_WITHIN = 1_000;

// Several waits of WITHIN each; a child process alone takes a second to start on a busy machine.
jest.setTimeout(90_000);

const messages = ({ output }: Program): string[] =>
  output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).msg);

let scene: SidecarScene;

beforeEach(async () => {
  scene = await createSidecarScene();
});
afterEach(() => scene.close());

test("a policy file of a later format is said in /status and the log, and the pod is ready", async () => {
  await writeFile(join(scene.configPath, POLICY_FILE), JSON.stringify({ formatVersion: 9 }));
  const program = await scene.start();
  expect(await get(program)).toBe("200 Unsupported");
  expect(await status(program)).toMatchObject({
    unsupportedFormat: 9,
    reason: "Unsupported",
    ready: true,
  });
  expect(messages(program)).toContain("policy file ignored");
});

describe("a dependency that goes and comes back", () => {
  test("takes the pod with it, says why, and lets it return", async () => {
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const program = await scene.start();
    expect(await get(program)).toBe("200 ok");

    await server.close();
    await untilEqual(
      () => get(program),
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
    expect(await get(program, "/livez")).toBe("200 ok");
    expect(await get(program, "/metrics")).toContain(
      'healthpolicy_dependency_up{dependency="sessions",type="memcached",impact="Gate"} 0\n',
    );
    expect(await status(program)).toMatchObject({
      policy: "web",
      generation: 1,
      ready: false,
      dependencies: [{ name: "sessions", up: false, gating: true, reason: "TooFewServers" }],
    });

    await server.open();
    await untilEqual(() => get(program), "200 ok");
    // Which comes first, the port or the first result, is not said; and a line may come after the answer.
    const said = async () => messages(program).filter((message) => message !== "listening");
    await untilEqual(said, [
      "policy in force",
      "pod not ready",
      "dependency up",
      "pod ready",
      "dependency down",
      "pod not ready",
      "dependency up",
      "pod ready",
    ]);
  });

  test("a silent one is ended at the deadline, connection included", async () => {
    const server = await scene.startMemcached();
    server.silent = true;
    await scene.writePolicy([cache(server.port)]);
    const program = await scene.start();
    // On a busy machine the check's own words can come too late; then the deadline speaks for it.
    expect(await get(program)).toMatch(
      /^503 sessions: (TooFewServers servers\[0\]=)?CheckTimeout$/,
    );
    await untilEqual(() => server.sockets.size, 0);
  });
});

test("a pod that is behind its own dependency's Service is ready while that is down", async () => {
  const server = await scene.startMemcached();
  await server.close();
  // An address of this machine; the operator writes none of loopback.
  await scene.writePolicy([{ ...cache(server.port), circularPods: ["127.0.0.1"] }]);
  const program = await scene.start();
  expect(await get(program)).toBe("200 ok");
  await untilEqual(async () => (await status(program)).dependencies[0].up, false);
  expect(await get(program)).toBe("200 ok");
  expect(messages(program)).toContain("dependency only reports");
});

describe("SIGTERM", () => {
  test("ends it with status 0 in under a second", async () => {
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const program = await scene.start();
    await get(program);
    const { code, milliseconds } = await end(program);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(END_WITHIN);
  });

  test("while a check hangs and a probe waits for it", async () => {
    const server = await scene.startMemcached();
    server.silent = true;
    const timing = { ...TIMING, checkTimeoutMilliseconds: 30_000, intervalMilliseconds: 60_000 };
    await scene.writePolicy([cache(server.port)], { timing });
    const program = await scene.start();
    const probe = get(program).catch(() => "cut");
    await untilEqual(() => server.sockets.size, 1);

    const { code, milliseconds } = await end(program);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(END_WITHIN);
    expect(await probe).toBe("cut");
    await untilEqual(() => server.sockets.size, 0);
  });
});

describe("the policy", () => {
  test("not there yet: starting; there: checked; removed while down: lets go", async () => {
    const program = await scene.start();
    expect(await get(program)).toBe("503 Starting");
    await scene.writePolicy([cache(1)]);
    await untilEqual(
      () => get(program),
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
    await unlink(join(scene.configPath, POLICY_FILE));
    await untilEqual(() => get(program), "200 NoPolicy");
  });

  test("an edit is in force without a restart; one to a wrong port leaves the pod ready", async () => {
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const program = await scene.start();
    expect(await get(program)).toBe("200 ok");
    await scene.writePolicy([cache(1)], { generation: 2 });
    const state = async () => {
      const { generation, ready, dependencies } = await status(program);
      return [generation, ready, dependencies[0].up];
    };
    await untilEqual(state, [2, true, false]);
    expect(await get(program)).toBe("200 ok");
  });

  test("one that went while no sidecar ran, and comes back, counts from the next success on", async () => {
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const first = await scene.start();
    expect(await get(first)).toBe("200 ok");
    await end(first);
    await unlink(join(scene.configPath, POLICY_FILE));
    const second = await scene.start();
    expect(await get(second)).toBe("200 NoPolicy");

    await server.close();
    await scene.writePolicy([cache(server.port)]);
    const up = async () => (await status(second)).dependencies[0]?.up;
    await untilEqual(up, false);
    expect(await get(second)).toBe("200 ok");

    await server.open();
    await untilEqual(up, true);
    await server.close();
    await untilEqual(() => get(second), "503 sessions: TooFewServers servers[0]=ConnectionRefused");
  });

  test("a restart keeps what the pod has earned; a new pod has earned nothing", async () => {
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const first = await scene.start();
    expect(await get(first)).toBe("200 ok");
    const marks = await readFile(join(scene.statePath, MARKS_FILE), "utf8");
    await end(first, "SIGKILL");

    // Edited while nobody looked: still a live edit, because this pod has been ready.
    await scene.writePolicy([cache(1)], { generation: 2 });
    const second = await scene.start();
    expect(await get(second)).toBe("200 ok");
    const { podStartedAt } = JSON.parse(await readFile(join(scene.statePath, MARKS_FILE), "utf8"));
    expect(podStartedAt).toBe(JSON.parse(marks).podStartedAt);
    await end(second);

    await unlink(join(scene.configPath, POLICY_FILE));
    expect(await get(await scene.start())).toBe("200 NoPolicy");

    await scene.writePolicy([cache(1)], { generation: 2 });
    await scene.renew();
    expect(await get(await scene.start())).toBe(
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
  });
});

test("lets a pod go without a policy after two minutes, although nobody asks", async () => {
  const podStartedAt = Date.now() - 119_000;
  await writeFile(join(scene.statePath, MARKS_FILE), JSON.stringify({ podStartedAt }));
  const program = await scene.start();
  await untilEqual(() => messages(program).includes("pod ready"), true);
  const marks = JSON.parse(await readFile(join(scene.statePath, MARKS_FILE), "utf8"));
  expect(marks).toMatchObject({ firstReady: true, policySeen: false });
});

describe("credentials", () => {
  const urlAt = (port: number) => `postgresql://shop:hunter2@127.0.0.1:${port}/orders`;

  async function put(text: string): Promise<void> {
    await mkdir(join(scene.configPath, "secrets/orders-db"), { recursive: true });
    await writeFile(join(scene.configPath, "secrets/orders-db/url"), text);
  }

  test("a connection string that names another server gates once that has been up", async () => {
    const server = await startFakeServer(servePostgresql);
    try {
      await put(urlAt(server.port));
      await scene.writePolicy([database("orders-db")]);
      const program = await scene.start();
      expect(await get(program)).toBe("200 ok");
      await put(urlAt(1));
      const up = async () => (await status(program)).dependencies[0].up;
      await untilEqual(up, false);
      expect(await get(program)).toBe("200 ok");

      await put(urlAt(server.port));
      await untilEqual(up, true);
      await server.close();
      await untilEqual(() => get(program), "503 orders-db: ConnectionRefused");
    } finally {
      await server.close();
    }
  });

  test("a key that is missing gates a new pod, one that only a new pod mounts does not", async () => {
    await scene.writePolicy([database("orders-db")]);
    const program = await scene.start();
    expect(await get(program)).toBe("503 orders-db: CredentialsMissing");
    expect(messages(program)).toContain('there is no Secret orders-db with a key "url"');

    await scene.writePolicy([database("another-db")], { generation: 2 });
    await untilEqual(() => get(program), "200 ok");
    expect(await get(program, "/status")).toContain('"reason":"NeedsRestart"');
  });

  test("one that cannot be followed is said in the log, and said again only when it changes", async () => {
    await put(`${urlAt(1)}?sslmode=hunter2`);
    await scene.writePolicy([database("orders-db")]);
    const program = await scene.start();
    expect(await get(program)).toBe("503 orders-db: Misconfigured");
    const problems = () =>
      messages(program).filter((message) => message.startsWith("dependency orders-db: "));
    const sslmode =
      "dependency orders-db: the sslmode of the connection string is not supported; write disable, prefer, require or verify-full, and sslrootcert=system or none";
    expect(problems()).toStrictEqual([sslmode]);
    await put("postgresql://:hunter2@127.0.0.1:1/orders");
    await untilEqual(problems, [
      sslmode,
      "dependency orders-db: the connection string names no user; write user:password@ before the host",
    ]);
    const everything = await Promise.all(["/status", "/metrics"].map((path) => get(program, path)));
    expect(`${program.output()}${everything.join()}`).not.toMatch(/hunter2|127\.0\.0\.1/);
  });

  test("a password never leaves the program", async () => {
    await put(`${urlAt(1)}\n`);
    await scene.writePolicy([database("orders-db")]);
    const program = await scene.start();
    expect(await get(program)).toBe("503 orders-db: ConnectionRefused");
    const everything = await Promise.all(["/status", "/metrics"].map((path) => get(program, path)));
    expect(`${program.output()}${everything.join()}`).not.toMatch(/hunter2|127\.0\.0\.1/);
  });
});
