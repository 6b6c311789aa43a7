import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import type { HttpConfig } from "../../../api/policy-file.ts";
import { MAX_CHUNKS } from "../network/read-until.ts";
import { createCertificates } from "../testing/certificates.ts";
import { describeContract, eventually, SHORT } from "../testing/contract.ts";
import { startFakeServer, trackServer, writeForEver } from "../testing/fake-server.ts";
import { describeDirectTls } from "../tls/testing/tls-contract.ts";
import { createHttp, http } from "./http.ts";
import { dependency, run } from "./testing/http-subject.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const serve = (socket: Socket) => socket.once("data", () => socket.write(OK));

describeContract({
  create: createHttp,
  dependency,
  readSecretKey: async () => "",
  serve,
  answer: Buffer.from(OK),
  repeatable: Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"),
  failure: (reason) => ({ reason }),
  speaks: "HTTP",
});

describeDirectTls({
  check: http,
  dependency: (endpoint, tls) => dependency({ ...endpoint, tls: tls as HttpConfig["tls"] }),
  serve,
});

/** Runs the check against a fake that does `onConnection`, which must see the connection go. */
async function against(
  onConnection: (socket: Socket) => void,
  config: Partial<HttpConfig> = {},
  checkTimeout?: number,
) {
  const fake = await startFakeServer(onConnection);
  try {
    const outcome = await run({ port: fake.port, ...config }, checkTimeout);
    expect(await eventually(fake.sawClose)).toBe(true);
    expect(fake.accepted()).toBe(1);
    return outcome;
  } finally {
    await fake.close();
  }
}

const answering = (bytes: string) => (socket: Socket) =>
  socket.once("data", () => socket.write(bytes, "latin1"));
const UP = { success: { tls: false } };

describe("the request", () => {
  async function requestOf(config: Partial<HttpConfig>): Promise<string> {
    let request = "";
    await against((socket) => {
      socket.on("data", (chunk) => {
        request += chunk.toString("latin1");
        socket.end(OK);
      });
    }, config);
    return request;
  }

  test("asks for the path and for a connection that ends", async () => {
    const request = await requestOf({ path: "/healthz?deep=1", hostHeader: "shop.example" });
    expect(request).toBe(
      "GET /healthz?deep=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: healthpolicy\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    );
  });

  test("goes to the server itself, whatever proxy the environment names", async () => {
    const before = { ...process.env };
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) {
      process.env[name] = "http://127.0.0.1:1";
    }
    process.env.NODE_USE_ENV_PROXY = "1";
    try {
      expect(await requestOf({ hostHeader: "shop.example" })).toMatch(/^GET \/ HTTP/);
    } finally {
      process.env = before;
    }
  });
});

describe("the status", () => {
  test.each([
    [200, {}, true],
    [204, {}, true],
    [299, {}, true],
    [302, {}, false],
    [404, {}, false],
    [503, {}, false],
    [401, { minimum: 401, maximum: 401 }, true],
    [200, { minimum: 401, maximum: 401 }, false],
    [404, { maximum: 499 }, true],
  ] as const)("%d where %j is expected: %s", async (status, range, up) => {
    const expectedStatus = { minimum: 200, maximum: 299, ...range };
    const bytes = `HTTP/1.1 ${status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`;
    const expected = up ? UP : { reason: "InvalidResponse" };
    expect(await against(answering(bytes), { expectedStatus })).toEqual(expected);
  });

  test("of HEAD counts, and no body is waited for", async () => {
    const bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    expect(await against(answering(bytes), { method: "HEAD" })).toEqual(UP);
  });
});

describe("a body", () => {
  const withEnd = (bytes: string) => (socket: Socket) =>
    socket.once("data", () => socket.end(bytes));

  test("that ends with the connection", async () => {
    expect(await against(withEnd("HTTP/1.0 200 OK\r\n\r\nok"))).toEqual(UP);
  });

  test.each([
    ["that is shorter than it said", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"],
    [
      "whose last chunk is missing",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    ],
  ])("%s: ConnectionClosed", async (_, bytes) => {
    expect(await against(withEnd(bytes))).toEqual({ reason: "ConnectionClosed" });
  });

  test("that ends in a reset, although it is to end with the connection: ConnectionClosed", async () => {
    const outcome = await against((socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\nok", () => socket.resetAndDestroy());
      }),
    );
    expect(outcome).toEqual({ reason: "ConnectionClosed" });
  });

  test.each([
    ["of a length", "Content-Length: 99999999"],
    ["in chunks", "Transfer-Encoding: chunked"],
    ["that ends with the connection", "X: y"],
  ])("%s without end is cut, and the status counts", async (_, field) => {
    const outcome = await against((socket) =>
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
        writeForEver(socket, Buffer.from("2\r\nok\r\n"));
      }),
    );
    expect(outcome).toEqual(UP);
  });

  test.each([
    ["of a length", "Content-Length: 9\r\n\r\nok"],
    ["in one huge chunk", "Transfer-Encoding: chunked\r\n\r\nffffffff\r\nok"],
    ["that ends with the connection", "\r\nok"],
  ])("%s that never comes to its end: CheckTimeout", async (_, rest) => {
    const outcome = await against(answering(`HTTP/1.1 200 OK\r\n${rest}`), {}, SHORT);
    expect(outcome).toEqual({ reason: "CheckTimeout" });
  });
});

describe("an encrypted body", () => {
  const certificate = createCertificates().server("localhost");

  /** What comes of an answer that ends its head with `field`, and of what `send` writes behind it. */
  async function answerOf(field: string, send: (socket: Socket) => void) {
    const server = createTlsServer(certificate, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
        send(socket);
      });
    });
    const fake = await trackServer(server as unknown as Server);
    try {
      return await run({ port: fake.port, tls: { mode: "Require" } });
    } finally {
      await fake.close();
    }
  }

  test.each([
    ["of a length", "Content-Length: 99999999"],
    ["in chunks", "Transfer-Encoding: chunked"],
    ["that ends with the connection", "X: y"],
  ])("%s without end is cut, and the status counts", async (_, field) => {
    const outcome = await answerOf(field, (socket) =>
      writeForEver(socket, Buffer.from(`1000\r\n${"x".repeat(0x1000)}\r\n`)),
    );
    expect(outcome).toEqual({ success: { tls: true } });
  });

  test("of more small records than a check takes is cut as well", async () => {
    let sent = 0;
    const outcome = await answerOf("Transfer-Encoding: chunked", function send(socket) {
      sent += 1;
      // What is written before the last one is on its way would go into one record with it.
      if (sent <= MAX_CHUNKS) socket.write("2\r\nok\r\n", () => send(socket));
    });
    expect(outcome).toEqual({ success: { tls: true } });
  });
});

describe("a server that means ill", () => {
  const flood =
    (...bytes: [string, string]) =>
    (socket: Socket) =>
      socket.once("data", () => {
        socket.write(bytes[0]);
        writeForEver(socket, Buffer.from(bytes[1]));
      });

  test.each([
    ["fields without end", "HTTP/1.1 200 OK\r\n", "A: b\r\n"],
    ["a field without end", "HTTP/1.1 200 OK\r\n", "a"],
    ["a status line without end", "HTTP/1.1 200 ", "O"],
    ["interim answers without end", "", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"],
  ])("%s: ProtocolError", async (_, first, then) => {
    expect(await against(flood(first, then))).toEqual({ reason: "ProtocolError" });
  });

  test("what follows a complete answer is not looked at", async () => {
    expect(await against(answering(`${OK}\0\r\nHTTP/9.9 garbage`))).toEqual(UP);
  });

  test("sizes of chunks that are broken: ProtocolError", async () => {
    const bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n";
    expect(await against(answering(bytes))).toEqual({ reason: "ProtocolError" });
  });
});

describe("configuration", () => {
  test.each<[string, Partial<HttpConfig>]>([
    ["a metadata address", { host: "169.254.169.254" }],
    ["a port out of range", { port: 0 }],
  ])("%s: Misconfigured", async (_, config) => {
    expect(await run({ port: 1, ...config })).toEqual({ reason: "Misconfigured" });
  });
});
