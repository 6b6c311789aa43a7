import type { Server } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DependencyConfig, PolicyFile } from "../../api/policy-file.ts";
import { createReadiness, type Readiness } from "../readiness.ts";
import { type CheckRunner, runChecks } from "../run-checks.ts";
import { type RawClient, rawClient } from "../testing/raw-client.ts";
import { marksInMemory } from "../testing/test-pod.ts";
import { createProbeServer, listen } from "./server.ts";

const CHECK_TIMEOUT = 1_000;
const database: DependencyConfig = {
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { host: "db", query: "SELECT 1" },
};
const config: PolicyFile = {
  policy: "web",
  generation: 3,
  mode: "Enforce",
  timing: {
    connectTimeoutMilliseconds: 100,
    checkTimeoutMilliseconds: CHECK_TIMEOUT,
    intervalMilliseconds: 60_000,
    failureThreshold: 1,
    successThreshold: 1,
  },
  dependencies: [database],
};

let readiness: Readiness;
let server: Server;
let runner: CheckRunner;
let port: number;
let checks: number;
/** Ends the check that runs. */
let finish: (error?: Error) => void;
let clients: RawClient[];

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const url = (path: string) => `http://127.0.0.1:${port}${path}`;
async function get(path: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(url(path), init);
  return [response.status, await response.text()];
}

function raw(text: string, localAddress?: string): RawClient {
  const client = rawClient(port, text, localAddress === undefined ? {} : { localAddress });
  clients.push(client);
  return client;
}

beforeEach(async () => {
  checks = 0;
  clients = [];
  readiness = createReadiness({
    marks: marksInMemory(),
    supportedTypes: ["postgresql"],
    log: () => {},
  });
  runner = runChecks({
    loadCheck: async (type) => ({
      type,
      run: () => {
        checks += 1;
        return new Promise((resolve, reject) => {
          finish = (error) => (error ? reject(error) : resolve({}));
        });
      },
    }),
    readSecretKey: async () => "",
    onResult: ({ name }, result, milliseconds) => readiness.record(name, result, milliseconds),
    mayWait: readiness.mayWait,
    decidesNext: readiness.decidesNext,
  });
  server = createProbeServer(readiness);
  ({ port } = await listen(server, 0));
});
afterEach(() => {
  runner.stop();
  for (const { socket } of clients) socket.destroy();
  server.close();
});

test("/metrics says what is known of the program itself, asked for once a second at most", async () => {
  let seconds = 0.5;
  const program = () => {
    seconds += 1;
    return { cpuSeconds: { throttled: seconds, waited: undefined } };
  };
  const throttled = createProbeServer(readiness, { program });
  try {
    ({ port } = await listen(throttled, 0));
    for (let scrape = 0; scrape < 3; scrape += 1) {
      expect((await get("/metrics"))[1]).toContain("_cpu_throttled_seconds_total 1.5\n");
    }
  } finally {
    throttled.close();
  }
});

async function useDatabase(): Promise<void> {
  readiness.apply(config);
  runner.apply(config);
  await pause(0);
}

test("a readiness probe has the policy file looked at, once a second at most; other requests do not", async () => {
  let looks = 0;
  const onProbe = () => {
    looks += 1;
  };
  const awake = createProbeServer(readiness, { onProbe });
  try {
    ({ port } = await listen(awake, 0));
    for (const path of ["/livez", "/status", "/metrics"]) await get(path);
    expect(looks).toBe(0);
    for (let probe = 0; probe < 5; probe += 1) await get("/readyz");
    expect(looks).toBe(1);
    await pause(1_050);
    await get("/readyz");
    expect(looks).toBe(2);
  } finally {
    awake.close();
  }
});

describe("paths", () => {
  test("before the policy is there: alive, not ready, status and metrics", async () => {
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    expect(await get("/readyz")).toStrictEqual([503, "Starting"]);
    const [status, body] = await get("/status");
    expect([status, JSON.parse(body).reason]).toStrictEqual([200, "Starting"]);
    expect(await get("/metrics")).toEqual([
      200,
      expect.stringContaining("healthpolicy_pod_ready 0\n"),
    ]);
  });

  test.each(["/", "/readyz/", "/__proto__", "/constructor", "/healthz"])(
    "%s is not found",
    async (path) => {
      expect(await get(path)).toStrictEqual([404, "not found"]);
    },
  );

  test("a query is ignored", async () => {
    expect(await get("/livez?verbose=1")).toStrictEqual([200, "ok"]);
  });

  test.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])("%s is refused", async (method) => {
    for (const path of ["/readyz", "/livez", "/status", "/metrics"]) {
      const response = await fetch(url(path), { method });
      expect([response.status, response.headers.get("allow")]).toStrictEqual([405, "GET"]);
    }
  });

  test("content types", async () => {
    const type = async (path: string) => (await fetch(url(path))).headers.get("content-type");
    expect(await type("/status")).toBe("application/json");
    expect(await type("/metrics")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await type("/readyz")).toBe("text/plain; charset=utf-8");
  });
});

describe("/readyz", () => {
  test("waits for the first result, so that a healthy pod is ready at its first probe", async () => {
    await useDatabase();
    const answer = get("/readyz");
    await pause(50);
    finish();
    expect(await answer).toStrictEqual([200, "ok"]);
  });

  test("names the dependency and the reason once the first result is a failure", async () => {
    await useDatabase();
    const answer = get("/readyz");
    await pause(50);
    finish(Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" }));
    expect(await answer).toStrictEqual([503, "orders-db: ConnectionRefused"]);
  });

  test("waits no longer than checkTimeout", async () => {
    await useDatabase();
    const startedAt = performance.now();
    const [status] = await get("/readyz");
    expect(status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(CHECK_TIMEOUT + 2_000);
  });

  test("many at once start no check and all get the one result", async () => {
    await useDatabase();
    const answers = Array.from({ length: 20 }, () => get("/readyz"));
    await pause(100);
    finish();
    for (const answer of await Promise.all(answers)) expect(answer).toStrictEqual([200, "ok"]);
    await Promise.all(Array.from({ length: 20 }, () => get("/readyz")));
    expect(checks).toBe(1);
  });

  test("liveness, status and metrics do not wait", async () => {
    await useDatabase();
    const startedAt = performance.now();
    for (const path of ["/livez", "/status", "/metrics"]) expect((await get(path))[0]).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(CHECK_TIMEOUT);
    const [, body] = await get("/status");
    expect(JSON.parse(body).dependencies[0]).toStrictEqual({
      name: "orders-db",
      type: "postgresql",
      impact: "Gate",
      up: null,
      gating: true,
    });
  });

  test("lets go of a client that goes away while it waits", async () => {
    await useDatabase();
    const waits: AbortSignal[] = [];
    const { firstResults } = readiness;
    readiness.firstResults = (signal) => {
      waits.push(signal);
      return firstResults(signal);
    };
    const { socket } = raw("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    while (waits.length === 0) await pause(5);
    socket.destroy();
    while (!waits[0]?.aborted) await pause(5);
    finish();
    expect(await get("/readyz")).toStrictEqual([200, "ok"]);
  });
});

describe("a client that is not nice", () => {
  test.each(["/livez", "/readyz", "/status", "/metrics"])(
    "gets one answer to a thousand requests for %s in one connection",
    async (path) => {
      const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
      const answer = await raw(request.repeat(1_000)).closed;
      expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    },
  );

  test("does not keep the kubelet out with a crowd of idle connections", async () => {
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    const idle = Array.from({ length: 40 }, () => raw("", "127.0.0.3"));
    // All in one second would be more than it has room for.
    await pause(1_100);
    for (let index = 0; index < 100; index += 1) raw("", `127.0.1.${index + 1}`);
    await Promise.all(idle.slice(0, 8).map(({ closed }) => closed));
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    const open = await new Promise<number>((resolve) =>
      server.getConnections((_, count) => resolve(count)),
    );
    expect(open).toBeLessThanOrEqual(128);
  });

  test("does not keep the kubelet out with questions of peers, and answers all of a fleet's", async () => {
    // A kubelet asks from the pod's beginning on, so it is among the addresses that have a place of their own.
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    const question = "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const asked = Array.from({ length: 60 }, (_, index) => raw(question, `127.0.1.${index + 1}`));
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    const answers = await Promise.all(asked.map(({ closed }) => closed));
    expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 200 "))).toHaveLength(60);
    const storm = Array.from({ length: 400 }, (_, index) =>
      raw(question, `127.0.2.${(index % 250) + 1}`),
    );
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    await Promise.all(storm.map(({ closed }) => closed));
  });

  test("does not keep the kubelet out with a flood", async () => {
    const request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    const flood = Array.from({ length: 400 }, () => raw(request, "127.0.0.3"));
    expect(await get("/livez")).toStrictEqual([200, "ok"]);
    const answers = await Promise.all(flood.map(({ closed }) => closed));
    // Those of one second, and of another where it began in the midst of them.
    expect(answers.filter((answer) => answer !== "").length).toBeLessThanOrEqual(86);
    const refused = answers.filter((answer) => answer === "").length;
    // The text of the second before is over.
    await sleep(1_100);
    const [, text] = await get("/metrics");
    expect(text).toContain(`healthpolicy_sidecar_refused_connections_total ${refused}\n`);
  });
});

test("listens on every address of this machine, of both families", async () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    // A link-local address needs its interface's name beside it.
    .filter(({ address }) => !address.startsWith("fe80:"));
  expect(addresses.length).toBeGreaterThan(0);
  for (const { address, family } of addresses) {
    const host = family === "IPv6" ? `[${address}]` : address;
    expect((await fetch(`http://${host}:${port}/livez`)).status).toBe(200);
  }
});

test.each(["EAFNOSUPPORT", "EADDRNOTAVAIL"])(
  "without IPv6 (%s) it listens on IPv4",
  async (code) => {
    const second = createProbeServer(readiness);
    const listenNow = second.listen.bind(second);
    const hosts: unknown[] = [];
    second.listen = ((options: { host: string; port: number }, done: () => void) => {
      hosts.push(options.host);
      if (options.host !== "::") return listenNow(options, done);
      process.nextTick(() => second.emit("error", Object.assign(new Error(), { code })));
      return second;
    }) as typeof second.listen;
    const { address } = await listen(second, 0);
    second.close();
    expect(hosts).toStrictEqual(["::", "0.0.0.0"]);
    expect(address).toBe("0.0.0.0");
  },
);

test("a port that is taken is an error", async () => {
  const second = createProbeServer(readiness);
  await expect(listen(second, port)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
