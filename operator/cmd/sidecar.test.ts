/** The program itself, as a child process, against real TCP servers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  type DependencyConfig,
  POLICY_FILE_FORMAT,
  type WrittenPolicyFile,
} from "../api/policy-file.ts";
import {
  bundleSidecar,
  end,
  eventually,
  flagsOfTheImage,
  get,
  type Program,
  SOURCE,
  startSidecar,
  WITHIN,
} from "./testing/sidecar-program.ts";

/**
 * Short, yet long enough for a first check that has to load its code on a busy machine. The bound
 * that follows from them is 2 x 1.5 + 1.5 s.
 */
const TIMING = {
  connectTimeoutMilliseconds: 1_000,
  checkTimeoutMilliseconds: 1_500,
  intervalMilliseconds: 1_500,
  failureThreshold: 2,
  successThreshold: 1,
};
/** Longest time from SIGTERM to the end of the program. */
const END_WITHIN = 1_000;

// Several waits of WITHIN each; a child process alone takes a second to start on a busy machine.
jest.setTimeout(90_000);

let directory: string;
let configPath: string;
let statePath: string;
let programs: Program[];
let servers: FakeMemcached[];

/** A server that answers `stats` as memcached does, or accepts and is silent. */
class FakeMemcached {
  silent = false;
  readonly sockets = new Set<Socket>();
  private server: Server = createServer();
  port = 0;

  async open(): Promise<void> {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {});
      socket.on("data", () => {
        if (!this.silent) socket.write("STAT pid 1\r\nSTAT uptime 5\r\nEND\r\n");
      });
    });
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (typeof address === "object" && address) this.port = address.port;
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await once(this.server, "close");
  }
}

async function startMemcached(): Promise<FakeMemcached> {
  const server = new FakeMemcached();
  await server.open();
  servers.push(server);
  return server;
}

const cache = (port: number, more: Partial<DependencyConfig> = {}): DependencyConfig => ({
  name: "sessions",
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "127.0.0.1", port }], minAvailable: 1 },
  ...more,
});

const database = (secretName: string): DependencyConfig => ({
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { connectionString: { secretName, key: "url" }, query: "SELECT 1" },
});

async function writePolicy(dependencies: DependencyConfig[], generation = 1): Promise<void> {
  const config: WrittenPolicyFile = {
    formatVersion: POLICY_FILE_FORMAT,
    policy: "web",
    generation,
    timing: TIMING,
    dependencies,
  };
  await writeFile(join(configPath, "policy.json"), JSON.stringify(config));
}

const start = (file?: string, flags?: string[]): Promise<Program> =>
  startSidecar({ configPath, statePath, file, flags }, (program) => programs.push(program));

const messages = ({ output }: Program): string[] =>
  output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).msg);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sidecar-"));
  configPath = join(directory, "config");
  statePath = join(directory, "state");
  await mkdir(configPath);
  await mkdir(statePath);
  programs = [];
  servers = [];
});
afterEach(async () => {
  const running = programs.filter(({ child }) => (child.exitCode ?? child.signalCode) === null);
  await Promise.all(running.map((program) => end(program, "SIGKILL")));
  await Promise.all(servers.map((server) => server.close()));
  await rm(directory, { recursive: true });
});

test("a policy file of a later format is said in /status and the log, and the pod is ready", async () => {
  await writeFile(join(configPath, "policy.json"), JSON.stringify({ formatVersion: 9 }));
  const program = await start();
  expect(await get(program)).toBe("200 Unsupported");
  const status = JSON.parse((await get(program, "/status")).slice("200 ".length));
  expect(status).toMatchObject({ unsupportedFormat: 9, reason: "Unsupported", ready: true });
  expect(messages(program)).toContain("policy file ignored");
});

describe("a dependency that goes and comes back", () => {
  test("takes the pod with it, says why, and lets it return", async () => {
    const server = await startMemcached();
    await writePolicy([cache(server.port)]);
    const program = await start();
    expect(await get(program)).toBe("200 ok");

    await server.close();
    await eventually(
      () => get(program),
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
    expect(await get(program, "/livez")).toBe("200 ok");
    expect(await get(program, "/metrics")).toContain(
      'healthpolicy_dependency_up{dependency="sessions",type="memcached",impact="Gate"} 0\n',
    );
    const status = JSON.parse((await get(program, "/status")).slice("200 ".length));
    expect(status).toMatchObject({
      policy: "web",
      generation: 1,
      ready: false,
      dependencies: [{ name: "sessions", up: false, gating: true, reason: "TooFewServers" }],
    });

    await server.open();
    await eventually(() => get(program), "200 ok");
    // Which comes first, the port or the first result, is not said; and a line may come after the answer.
    const said = async () => messages(program).filter((message) => message !== "listening");
    await eventually(said, [
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
    const server = await startMemcached();
    server.silent = true;
    await writePolicy([cache(server.port)]);
    const program = await start();
    // On a busy machine the check's own words can come too late; then the deadline speaks for it.
    expect(await get(program)).toMatch(
      /^503 sessions: (TooFewServers servers\[0\]=)?CheckTimeout$/,
    );
    await eventually(() => server.sockets.size, 0);
  });
});

describe("SIGTERM", () => {
  test("ends it with status 0 in under a second", async () => {
    const server = await startMemcached();
    await writePolicy([cache(server.port)]);
    const program = await start();
    await get(program);
    const { code, milliseconds } = await end(program);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(END_WITHIN);
  });

  test("while a check hangs and a probe waits for it", async () => {
    const server = await startMemcached();
    server.silent = true;
    await writePolicy([cache(server.port)]);
    const timing = { ...TIMING, checkTimeoutMilliseconds: 30_000, intervalMilliseconds: 60_000 };
    const config: WrittenPolicyFile = {
      formatVersion: POLICY_FILE_FORMAT,
      policy: "web",
      generation: 1,
      timing,
      dependencies: [cache(server.port)],
    };
    await writeFile(join(configPath, "policy.json"), JSON.stringify(config));
    const program = await start();
    const probe = get(program).catch(() => "cut");
    await eventually(() => server.sockets.size, 1);

    const { code, milliseconds } = await end(program);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(END_WITHIN);
    expect(await probe).toBe("cut");
    await eventually(() => server.sockets.size, 0);
  });
});

describe("the policy", () => {
  test("not there yet: starting; there: checked; removed while down: lets go", async () => {
    const program = await start();
    expect(await get(program)).toBe("503 Starting");
    await writePolicy([cache(1)]);
    await eventually(
      () => get(program),
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
    await unlink(join(configPath, "policy.json"));
    await eventually(() => get(program), "200 NoPolicy");
  });

  test("an edit is in force without a restart; one to a wrong port leaves the pod ready", async () => {
    const server = await startMemcached();
    await writePolicy([cache(server.port)]);
    const program = await start();
    expect(await get(program)).toBe("200 ok");
    await writePolicy([cache(1)], 2);
    const state = async () => {
      const { generation, ready, dependencies } = JSON.parse(
        (await get(program, "/status")).slice("200 ".length),
      );
      return [generation, ready, dependencies[0].up];
    };
    await eventually(state, [2, true, false]);
    expect(await get(program)).toBe("200 ok");
  });

  test("a restart keeps what the pod has earned; a new pod has earned nothing", async () => {
    const server = await startMemcached();
    await writePolicy([cache(server.port)]);
    const first = await start();
    expect(await get(first)).toBe("200 ok");
    const marks = await readFile(join(statePath, "marks.json"), "utf8");
    await end(first, "SIGKILL");

    // Edited while nobody looked: still a live edit, because this pod has been ready.
    await writePolicy([cache(1)], 2);
    const second = await start();
    expect(await get(second)).toBe("200 ok");
    const { podStartedAt } = JSON.parse(await readFile(join(statePath, "marks.json"), "utf8"));
    expect(podStartedAt).toBe(JSON.parse(marks).podStartedAt);
    await end(second);

    await unlink(join(configPath, "policy.json"));
    expect(await get(await start())).toBe("200 NoPolicy");

    await writePolicy([cache(1)], 2);
    statePath = join(directory, "state-of-a-new-pod");
    await mkdir(statePath);
    expect(await get(await start())).toBe(
      "503 sessions: TooFewServers servers[0]=ConnectionRefused",
    );
  });
});

test("lets a pod go without a policy after two minutes, although nobody asks", async () => {
  const podStartedAt = Date.now() - 119_000;
  await writeFile(join(statePath, "marks.json"), JSON.stringify({ podStartedAt }));
  const program = await start();
  await eventually(() => messages(program).includes("pod ready"), true);
  const marks = JSON.parse(await readFile(join(statePath, "marks.json"), "utf8"));
  expect(marks).toMatchObject({ firstReady: true, policySeen: false });
});

describe("credentials", () => {
  test("a key that is missing gates a new pod, one that only a new pod mounts does not", async () => {
    await writePolicy([database("orders-db")]);
    const program = await start();
    expect(await get(program)).toBe("503 orders-db: CredentialsMissing");
    expect(messages(program)).toContain('Secret shop/orders-db has no key "url"');

    await writePolicy([database("another-db")], 2);
    await eventually(() => get(program), "200 ok");
    expect(await get(program, "/status")).toContain('"reason":"NeedsRestart"');
  });

  test("a password never leaves the program", async () => {
    await mkdir(join(configPath, "secrets/orders-db"), { recursive: true });
    const url = "postgresql://shop:hunter2@127.0.0.1:1/orders";
    await writeFile(join(configPath, "secrets/orders-db/url"), `${url}\n`);
    await writePolicy([database("orders-db")]);
    const program = await start();
    expect(await get(program)).toBe("503 orders-db: ConnectionRefused");
    const everything = await Promise.all(["/status", "/metrics"].map((path) => get(program, path)));
    expect(`${program.output()}${everything.join()}`).not.toMatch(/hunter2|127\.0\.0\.1/);
  });
});

describe("the command line", () => {
  async function run(args: string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [SOURCE, ...args], { env, timeout: WITHIN });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    const [code] = await once(child, "close");
    return { code, output };
  }

  test("--help names every variable", async () => {
    const { code, output } = await run(["--help"], {});
    expect(code).toBe(0);
    for (const name of ["PORT", "MOUNTED_KEYS", "NAMESPACE", "CONFIG_PATH", "STATE_PATH"]) {
      expect(output).toContain(`HEALTHPOLICY_${name} `);
    }
  });

  test("a port that is none is said and ends it with status 1", async () => {
    const { code, output } = await run([], { HEALTHPOLICY_PORT: "http" });
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      level: "error",
      problem: "HEALTHPOLICY_PORT is not a port",
    });
  });

  test("a port that is taken is said and ends it with status 1", async () => {
    const { port } = await start();
    const { code, output } = await run([], {
      HEALTHPOLICY_PORT: String(port),
      HEALTHPOLICY_CONFIG_PATH: configPath,
      HEALTHPOLICY_STATE_PATH: statePath,
    });
    expect(code).toBe(1);
    expect(output).toContain('"problem":"EADDRINUSE"');
  });
});

describe("the bundle", () => {
  /** Writes the names of Node's own modules that are loaded, when it is asked by SIGUSR2. */
  const REPORTER = `process.on("SIGUSR2", () => {
    console.log(JSON.stringify({ msg: "modules", list: process.moduleLoadList }));
  });`;

  async function loaded(program: Program): Promise<string> {
    program.child.kill("SIGUSR2");
    await eventually(() => program.output().includes('"msg":"modules"'), true);
    return program.output();
  }

  test("runs with the flags of the image, and loads a type only when a policy needs it", async () => {
    const outfile = join(directory, "sidecar.cjs");
    await bundleSidecar(outfile);
    const reporter = join(directory, "reporter.cjs");
    await writeFile(reporter, REPORTER);
    const flags = [...(await flagsOfTheImage()), "--require", reporter];
    const server = await startMemcached();
    await writePolicy([cache(server.port)]);
    const lean = await start(outfile, flags);
    expect(await get(lean)).toBe("200 ok");
    expect(await loaded(lean)).not.toContain("NativeModule tls");

    await writePolicy([cache(server.port), database("orders-db")]);
    statePath = join(directory, "other-state");
    await mkdir(statePath);
    const full = await start(outfile, flags);
    expect(await get(full)).toBe("503 orders-db: CredentialsMissing");
    expect(await loaded(full)).toContain("NativeModule tls");
  });
});
