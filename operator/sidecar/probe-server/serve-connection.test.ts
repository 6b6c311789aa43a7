import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RawClient } from "../testing/raw-client.ts";
import { MAX_HEAD_BYTES } from "./request-head.ts";
import type { Answer, AnswerRequest } from "./serve-connection.ts";
import { type ConnectionServer, GET, startConnectionServer } from "./testing/connection-server.ts";

/** For what happens at once, on a busy machine. */
const SOON = 2_000;

let server: ConnectionServer;
let answerRequest: AnswerRequest;
let asked: string[];

beforeEach(async () => {
  asked = [];
  answerRequest = () => ({ status: 200, body: "ok" });
  server = await startConnectionServer((request, client) => {
    asked.push(`${request.method} ${request.path}`);
    return answerRequest(request, client);
  });
});
afterEach(() => server.close());

const exchange = (text: string) => server.open(text).closed;
async function timed(closed: Promise<string>): Promise<[string, number]> {
  const startedAt = performance.now();
  return [await closed, performance.now() - startedAt];
}

describe("the answer", () => {
  test("is whole, with its length, and ends the connection", async () => {
    expect((await exchange(GET)).split("\r\n")).toStrictEqual([
      "HTTP/1.1 200 OK",
      expect.stringMatching(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      "Content-Type: text/plain; charset=utf-8",
      "Content-Length: 2",
      "Cache-Control: no-store",
      "X-Content-Type-Options: nosniff",
      "Connection: close",
      "",
      "ok",
    ]);
  });

  test("counts its length in bytes", async () => {
    answerRequest = () => ({ status: 503, body: "é" });
    expect(await exchange(GET)).toMatch(
      /^HTTP\/1.1 503 Service Unavailable\r\n[\s\S]*Length: 2\r\n/,
    );
  });

  test("to HEAD has no body", async () => {
    answerRequest = () => ({ status: 405, body: "GET only", allow: "GET" });
    const answer = await exchange("HEAD /livez HTTP/1.1\r\n\r\n");
    expect(answer).toMatch(/Content-Length: 8\r\n[\s\S]*Allow: GET\r\nConnection: close\r\n\r\n$/);
  });

  test("is the same for what Node's own client sends", async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/readyz?x=1`);
    expect([response.status, await response.text()]).toStrictEqual([200, "ok"]);
    expect(asked).toStrictEqual(["GET /readyz"]);
  });

  test("to a request that fails is 500, whether at once or later", async () => {
    answerRequest = () => Promise.reject(new Error("hunter2"));
    const answer = await exchange(GET);
    expect(answer).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
    expect(answer).not.toContain("hunter2");
  });
});

describe("a request", () => {
  test("that a person types, line by line", async () => {
    const { socket, closed } = server.open("");
    socket.setNoDelay(true);
    for (const line of ["\r\n", "GET /livez HTTP/1.1\r\n", "Host: x\r\n", "A: b\r\n", "\r\n"]) {
      socket.write(line);
      await sleep(50);
    }
    expect(await closed).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(asked).toStrictEqual(["GET /livez"]);
  });

  test.each([
    ["whose head comes in too many pieces", "GET /livez HTTP/1.1\r\nA: "],
    ["that is followed by too many pieces", `${GET}x`],
    ["that is refused and followed by some pieces", "\r\n\r\n\r\n"],
  ])("%s: the end", async (_, first) => {
    const { socket, closed } = server.open(first, { allowHalfOpen: true });
    let isClosed = false;
    socket.setNoDelay(true).once("close", () => {
      isClosed = true;
    });
    for (let sent = 0; sent < 12 && !isClosed; sent += 1) {
      socket.write("x");
      await sleep(20);
    }
    expect(isClosed).toBe(true);
    expect(await closed).not.toMatch(/^HTTP\/1.1 (3|408|431)/);
  });

  test("is the only one of its connection", async () => {
    const answer = await exchange(GET + GET.repeat(100));
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  test("with a body that is still being sent gets its answer", async () => {
    const { socket, closed } = server.open("POST /livez HTTP/1.1\r\nContent-Length: 60000\r\n\r\n");
    const body = setInterval(() => socket.write("x".repeat(1_000)), 10);
    socket.once("end", () => clearInterval(body));
    const answer = await closed;
    clearInterval(body);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test("that asks for leave to go on is answered instead", async () => {
    const head = "PUT /livez HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    expect(await exchange(head)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test("whose sender closes its side at once gets its answer", async () => {
    const { socket, closed } = server.open(GET);
    socket.end();
    expect(await closed).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test("that ends in the middle: 400", async () => {
    const { socket, closed } = server.open("GET /livez HTTP/1.1\r\n");
    socket.end();
    expect(await closed).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(asked).toStrictEqual([]);
  });

  test("that is none: 400, at once", async () => {
    const [answer, took] = await timed(exchange("\x16\x03\x01\x02"));
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(took).toBeLessThan(SOON);
  });

  test("whose head is too long: 431, and nothing of it is kept", async () => {
    const answer = await exchange(`${GET.slice(0, -2)}X: ${"y".repeat(MAX_HEAD_BYTES)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 Request Header Fields Too Large\r\n/);
    expect(asked).toStrictEqual([]);
  });
});

describe("a client that waits for an answer", () => {
  let finish: (answer: Answer) => void;
  let gone: AbortSignal | undefined;
  beforeEach(() => {
    answerRequest = (_, client) => {
      gone = client.gone();
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
  });
  const waiting = async (client: RawClient) => {
    while (gone === undefined) await sleep(5);
    return client;
  };
  const firesSoon = (signal: AbortSignal | undefined) =>
    signal?.aborted ? undefined : once(signal as AbortSignal, "abort");
  afterEach(() => {
    gone = undefined;
  });

  test("gets it when it is there", async () => {
    const { closed } = await waiting(server.open(GET));
    expect(gone?.aborted).toBe(false);
    finish({ status: 200, body: "late" });
    expect(await closed).toMatch(/late$/);
  });

  test("and sends another request meanwhile has asked once", async () => {
    const { socket, closed } = await waiting(server.open(GET));
    socket.write(GET);
    await sleep(50);
    finish({ status: 200, body: "late" });
    expect((await closed).match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  test("and closes its side is said to be gone, yet gets what is known by then", async () => {
    const { socket, closed } = await waiting(server.open(GET));
    socket.end();
    await firesSoon(gone);
    finish({ status: 503, body: "Starting" });
    expect(await closed).toMatch(/Starting$/);
  });

  test("and resets the connection is said to be gone", async () => {
    const { socket } = await waiting(server.open(GET));
    socket.resetAndDestroy();
    await firesSoon(gone);
    finish({ status: 503, body: "Starting" });
    await sleep(20);
    expect(await server.connections()).toBe(0);
  });

  test("and sends without end is cut", async () => {
    const { socket, closed } = await waiting(server.open(GET));
    socket.write("x".repeat(100_000));
    expect(await closed).toBe("");
    await firesSoon(gone);
    expect(asked).toHaveLength(1);
  });
});
