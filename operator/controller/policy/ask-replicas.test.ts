import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { CertificateData } from "../certificate/certificate-plan.ts";
import { carryOut } from "../certificate/certificates.ts";
import { type AskReplicas, createAskReplicas } from "./ask-replicas.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const NAME = "webhook.system.svc";
const POLICY = { namespace: "shop", name: "web", uid: "u", generation: 3 };

let certificate: CertificateData;
const servers: https.Server[] = [];
let paths: string[];
let asking: AskReplicas;
beforeEach(() => {
  asking = createAskReplicas();
});

beforeAll(async () => {
  certificate = await carryOut("create", { data: {}, dnsName: NAME, now: Date.now() });
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Answer = (response: ServerResponse) => void;

const REPLICA = { name: "operator-1", ip: "127.0.0.1" };

/** A replica that answers so. */
async function replicaThat(answer: Answer) {
  paths = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    paths.push(request.url ?? "");
    answer(response);
  };
  const server = https.createServer(
    { key: certificate["tls.key"], cert: certificate["tls.crt"] },
    handle,
  );
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return { port, dnsName: NAME, caBundle: certificate["ca.crt"] };
}

/** Names of the replicas without the policy, of one that answers so. */
async function ask(answer: Answer, options: { caBundle?: string; dnsName?: string } = {}) {
  return asking.without(POLICY, [REPLICA], { ...(await replicaThat(answer)), ...options });
}

const knows =
  (generation: number, uid = "u") =>
  (response: ServerResponse) =>
    response.end(JSON.stringify({ generation, uid }));

test("a replica that knows this generation or a later one", async () => {
  expect(await ask(knows(3))).toEqual([]);
  expect(paths).toEqual(["/policies/shop/web"]);
  expect(await ask(knows(4))).toEqual([]);
});

test.each<[string, Answer]>([
  ["knows an older generation", knows(2)],
  ["knows a deleted policy of that name", knows(3, "other")],
  ["does not know it", (response) => response.writeHead(404).end("{}")],
  ["has an empty cache", (response) => response.writeHead(503).end("{}")],
  ["answers no JSON", (response) => response.end("hello")],
  ["answers null", (response) => response.end("null")],
  ["answers at length", (response) => response.end(" ".repeat(5_000) + JSON.stringify(POLICY))],
  ["closes the connection", (response) => response.destroy()],
  ["redirects", (response) => response.writeHead(302, { location: "https://elsewhere" }).end()],
])("a replica that %s is waited for", async (_what, answer) => {
  expect(await ask(answer)).toEqual(["operator-1"]);
});

test("one that does not answer is waited for, for a second", async () => {
  const startedAt = performance.now();
  expect(await ask(() => undefined)).toEqual(["operator-1"]);
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test("one that sends a byte at a time too", async () => {
  let timer: NodeJS.Timeout | undefined;
  const startedAt = performance.now();
  const without = await ask((response) => {
    timer = setInterval(() => response.write(" "), 50);
  });
  clearInterval(timer);
  expect(without).toEqual(["operator-1"]);
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test("one whose certificate is not of our authority, or for another name, is not believed", async () => {
  const other = await carryOut("create", { data: {}, dnsName: NAME, now: Date.now() });
  expect(await ask(knows(3), { caBundle: other["ca.crt"] })).toEqual(["operator-1"]);
  expect(paths).toEqual([]);
  expect(await ask(knows(3), { dnsName: "other.system.svc" })).toEqual(["operator-1"]);
});

test("one that is not there; and all are asked, however many", async () => {
  const replicas = Array.from({ length: 20 }, (_, index) => ({
    name: `r${index}`,
    ip: "127.0.0.1",
  }));
  const without = await asking.without(POLICY, replicas, {
    port: 1,
    dnsName: NAME,
    caBundle: certificate["ca.crt"],
  });
  expect(without).toHaveLength(20);
});

describe("one that gave no answer", () => {
  let now: number;
  let answers: boolean;
  /** How long it takes to know that the replica lacks the policy, or to hear that it has it. */
  const asked = async (replicas = [REPLICA]) => {
    const startedAt = realNow();
    const without = await asking.without(POLICY, replicas, options);
    return { without, took: realNow() - startedAt };
  };
  const realNow = performance.now.bind(performance);
  let options: Awaited<ReturnType<typeof replicaThat>>;

  beforeEach(async () => {
    now = 0;
    answers = false;
    options = await replicaThat((response) => {
      if (answers) knows(3)(response);
    });
    jest.spyOn(performance, "now").mockImplementation(() => now);
    expect((await asked()).without).toEqual(["operator-1"]);
    expect(paths).toHaveLength(1);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test("is not asked again for three seconds, for whatever policy", async () => {
    now = 2_999;
    const { without, took } = await asked();
    expect(without).toEqual(["operator-1"]);
    expect(took).toBeLessThan(500);
    expect(paths).toHaveLength(1);
    now = 3_000;
    answers = true;
    expect((await asked()).without).toEqual([]);
    expect((await asked()).without).toEqual([]);
    expect(paths).toHaveLength(3);
  });

  test("is then tried for one policy: the others do not wait for it", async () => {
    now = 3_000;
    const first = asked();
    const { without, took } = await asked();
    expect(without).toEqual(["operator-1"]);
    expect(took).toBeLessThan(500);
    await first;
    expect(paths).toHaveLength(2);
  });

  test("is asked at once at another address", async () => {
    answers = true;
    expect((await asked([{ ...REPLICA, name: "operator-2" }])).without).toEqual([]);
    // It was forgotten when it was no replica.
    expect((await asked()).without).toEqual([]);
  });
});

test("one that says no is asked again at once", async () => {
  let generation = 2;
  const options = await replicaThat((response) => knows(generation)(response));
  expect(await asking.without(POLICY, [REPLICA], options)).toEqual(["operator-1"]);
  generation = 3;
  expect(await asking.without(POLICY, [REPLICA], options)).toEqual([]);
});
