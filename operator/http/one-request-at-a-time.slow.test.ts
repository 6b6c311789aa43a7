/** Raw connections to a real server. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { until } from "../controller/kube/testing/fake-api-server.ts";
import { testCertificate } from "../webhook/testing/certificate.ts";
import { closed, handshake } from "../webhook/testing/tls-client.ts";
import { oneRequestAtATime } from "./one-request-at-a-time.ts";
import { unreadBytes } from "./testing/unread-bytes.ts";

const DEADLINE_MILLISECONDS = 1_000;
/** From the deadline of the server to what is seen here. */
const SLACK_MILLISECONDS = 3_000;
/** More than the buffers of both kernels take in. */
const UNREADABLE_BYTES = 64 * 1024 * 1024;
/** More than the kernel takes in for a client that does not read, and less than it keeps for a server beside that. */
const KEPT_BYTES = 1024 * 1024;
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const EXPECTING = GET.replace("\r\n\r\n", "\r\nExpect: more\r\n\r\n");

const servers: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** A server with one listener for requests and for those that expect something, and a connection to it. */
async function start(answer: RequestListener, { expectations = true } = {}) {
  const listener = jest.fn(answer);
  const server = createServer(listener);
  if (expectations) server.on("checkExpectation", listener);
  oneRequestAtATime(server, DEADLINE_MILLISECONDS);
  servers.push(server.listen(0).unref());
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port);
  clients.push(client);
  return { client, listener };
}

test("requests that follow the answer to the last one are taken", async () => {
  const { client, listener } = await start((_, response) => response.end("done"));
  for (const _ of Array(20)) {
    client.write(GET);
    await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
  }
  expect(listener).toHaveBeenCalledTimes(20);
});

/** A connection to `server` whose writes are done when the test says so, later than the client has them. */
function slowToTell(server: Server) {
  const told: (() => void)[] = [];
  let sent = "";
  const connection = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent += chunk;
      told.push(done);
    },
  });
  const socket = Object.assign(connection, {
    setTimeout: () => socket,
    resetAndDestroy: () => socket.destroy(),
  });
  server.emit("connection", socket);
  return { socket, told, sent: () => sent };
}

test("a request that comes once the answer is written is taken, though Node has not said yet that it is out", async () => {
  const listener = jest.fn<RequestListener>((_, response) => void response.end("done"));
  const server = createServer(listener);
  oneRequestAtATime(server, DEADLINE_MILLISECONDS);
  const { socket, told, sent } = slowToTell(server);
  socket.push(GET);
  await until("an answer", () => sent().endsWith("done"));
  // In more than one piece, as a large review is.
  socket.push(GET.slice(0, 10));
  await sleep(20);
  socket.push(GET.slice(10));
  await sleep(20);
  expect([socket.destroyed, listener.mock.calls.length]).toStrictEqual([false, 1]);
  for (const done of told.splice(0)) done();
  await until("the next answer", () => listener.mock.calls.length === 2);
  for (const done of told.splice(0)) done();
  socket.destroy();
});

test.each([
  ["in one piece", GET.repeat(300)],
  ["with expectations", EXPECTING.repeat(300)],
])("a connection that sends ahead %s ends, and no request is parsed", async (_, text) => {
  const { client, listener } = await start((_request, response) => {
    setImmediate(() => response.end("done"));
  });
  client.write(text);
  await closed(client, SLACK_MILLISECONDS);
  expect(listener).not.toHaveBeenCalled();
});

test("a connection that is kept open by empty lines ends", async () => {
  const { client, listener } = await start((_, response) => response.end("done"));
  client.write(GET);
  await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
  client.write("\r\n");
  await closed(client, SLACK_MILLISECONDS);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a connection whose expectation Node answered takes no other request", async () => {
  const { client, listener } = await start((_, response) => response.end("done"), {
    expectations: false,
  });
  client.write(EXPECTING);
  await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
  client.write(GET);
  await closed(client, SLACK_MILLISECONDS);
  expect(listener).not.toHaveBeenCalled();
});

test("a connection ends when a second request comes while the first is answered", async () => {
  const { client, listener } = await start(() => {});
  const end = closed(client, DEADLINE_MILLISECONDS / 2);
  client.write(GET);
  setTimeout(() => client.write(GET), DEADLINE_MILLISECONDS / 10);
  expect(await end).toBe("");
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a connection that sends ahead of an answer which it does not take in time ends", async () => {
  const { client, listener } = await start((_, response) =>
    response.end(Buffer.alloc(UNREADABLE_BYTES)),
  );
  client.pause();
  client.write(GET);
  setTimeout(() => client.write(GET), DEADLINE_MILLISECONDS / 10);
  setTimeout(() => client.resume(), 1.5 * DEADLINE_MILLISECONDS);
  await closed(client, SLACK_MILLISECONDS);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a connection stays when its request was answered in time", async () => {
  const { client, listener } = await start((_, response) => response.end("done"));
  for (const pause of [1.5 * DEADLINE_MILLISECONDS, 0]) {
    client.write(GET);
    await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
    await sleep(pause);
  }
  expect(listener).toHaveBeenCalledTimes(2);
});

test("an answer that nobody reads ends with its connection", async () => {
  const end = Promise.withResolvers<void>();
  const { client } = await start((_, response) => {
    response.once("close", end.resolve);
    response.end(Buffer.alloc(UNREADABLE_BYTES));
  });
  client.pause();
  client.write(GET);
  const begun = Date.now();
  await end.promise;
  expect(Date.now() - begun).toBeLessThan(DEADLINE_MILLISECONDS + SLACK_MILLISECONDS);
});

test("an answer that is taken in time is whole", async () => {
  const { client } = await start((_, response) => {
    response.setHeader("Connection", "close");
    response.end("x".repeat(1024 * 1024));
  });
  client.write(GET);
  expect((await closed(client, SLACK_MILLISECONDS)).match(/x+$/)?.[0]).toHaveLength(1024 * 1024);
});

describe("an answer that the kernel has taken and nobody reads", () => {
  /** A server that says it ends the connection with its answer, and a client that has asked and reads nothing. */
  async function ask(tls: boolean) {
    const answered = Promise.withResolvers<void>();
    const answer: RequestListener = (_, response) => {
      response.once("finish", answered.resolve);
      response.setHeader("Connection", "close");
      response.end("x".repeat(KEPT_BYTES));
    };
    const certificate = await testCertificate(1);
    const server = tls ? createTlsServer(certificate, answer) : createServer(answer);
    oneRequestAtATime(server, DEADLINE_MILLISECONDS);
    servers.push(server.listen(0).unref());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = tls ? (await handshake({ port, ca: certificate.ca })).socket : connect(port);
    clients.push(client.on("error", () => {}));
    client.pause();
    client.write(GET);
    await answered.promise;
    return { client, port };
  }

  const connections = ["TCP", "TLS"];

  test.each(connections)("is gone after the time of its connection: %s", async (kind) => {
    const { port } = await ask(kind === "TLS");
    expect(unreadBytes(port)).toBeGreaterThan(0);
    await sleep(2 * DEADLINE_MILLISECONDS);
    expect(unreadBytes(port)).toBe(0);
  });

  test.each(connections)("is gone when the client has ended its side: %s", async (kind) => {
    const { client, port } = await ask(kind === "TLS");
    client.end();
    await sleep(2 * DEADLINE_MILLISECONDS);
    expect(unreadBytes(port)).toBe(0);
  });

  test.each(connections)("is whole for a client that reads it late: %s", async (kind) => {
    const { client } = await ask(kind === "TLS");
    await sleep(DEADLINE_MILLISECONDS / 2);
    const end = closed(client, SLACK_MILLISECONDS);
    client.resume();
    const text = await end;
    expect(text.match(/x+$/)?.[0]).toHaveLength(KEPT_BYTES);
  });
});
