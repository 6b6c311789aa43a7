/** Connections over real TLS, to a server that has room for three. */

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect as connectPlain, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { testCertificate } from "../webhook/testing/certificate.ts";
import { closed, handshake } from "../webhook/testing/tls-client.ts";
import { capConnections } from "./cap-connections.ts";
import { oneRequestAtATime } from "./one-request-at-a-time.ts";
import { unreadBytes } from "./testing/unread-bytes.ts";

const LIMIT = 3;
/** From the end of a connection here to its end at the other side. */
const CLOSE_MILLISECONDS = 3_000;

const running: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of running.splice(0)) server.closeAllConnections();
});

/** A server that answers at once, `/none` by 404, but `/wait` only when told. */
async function start(limit = LIMIT) {
  const certificate = await testCertificate(1);
  const waiting: ServerResponse[] = [];
  const server = createServer(certificate, (request, response) => {
    if (request.url === "/wait") waiting.push(response);
    else if (request.url === "/none") response.writeHead(404).end();
    else response.end("done");
  });
  capConnections(server, limit);
  server.listen(0);
  running.push(server.unref());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  async function connect(localAddress?: string): Promise<Socket> {
    const { socket } = await handshake({ port, ca: certificate.ca, localAddress });
    clients.push(socket);
    return socket;
  }

  async function wait(socket: Socket): Promise<void> {
    const arrived = once(server, "request");
    socket.write("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await arrived;
  }
  /** So many connections on which nothing is sent, each from an address of its own. */
  async function crowd(count: number): Promise<void> {
    for (let place = 0; place < count; place++) {
      const localAddress = `127.0.1.${place + 1}`;
      const arrived = once(server, "connection");
      clients.push(connectPlain({ port, host: "127.0.0.1", localAddress }).on("error", () => {}));
      await arrived;
    }
  }
  return { server, connect, wait, waiting, crowd };
}

/** Rejects when the connection has ended. */
async function ask(socket: Socket, path = "/"): Promise<string> {
  const answered = once(socket, "data", { signal: AbortSignal.timeout(CLOSE_MILLISECONDS) });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [text] = await answered;
  return String(text);
}

const ends = (socket: Socket) => closed(socket, CLOSE_MILLISECONDS);

async function expectServed(...sockets: Socket[]): Promise<void> {
  for (const socket of sockets) expect(await ask(socket)).toContain("200 OK");
}

/** Connects one after another, so that the first is the oldest. */
async function connectAll(
  connect: (from?: string) => Promise<Socket>,
): Promise<[Socket, Socket, Socket]> {
  return [await connect(), await connect(), await connect()];
}

describe("one connection more than there is room for", () => {
  test("ends the oldest, and is served", async () => {
    const { connect } = await start();
    const [first, second, third] = await connectAll(connect);
    const end = ends(first);
    const fourth = await connect();
    await end;
    await expectServed(second, third, fourth);
  });

  test("ends the one that has been without a request for the longest time", async () => {
    const { connect } = await start();
    const [first, second, third] = await connectAll(connect);
    await ask(first);
    const end = ends(second);
    const fourth = await connect();
    await end;
    await expectServed(first, third, fourth);
  });

  test("spares a request that is being answered", async () => {
    const { connect, wait, waiting } = await start();
    const [first, second, third] = await connectAll(connect);
    await wait(first);
    await ask(second);
    await ask(third);
    const end = ends(second);
    await connect();
    await end;
    const answered = once(first, "data");
    waiting[0]?.end("late");
    expect(String((await answered)[0])).toContain("200 OK");
  });

  test("ends the request that has taken longest, where all have one", async () => {
    const { connect, wait, waiting } = await start();
    const [first, second, third] = await connectAll(connect);
    const signal = AbortSignal.timeout(CLOSE_MILLISECONDS);
    const answers = [first, third].map((socket) => once(socket, "data", { signal }));
    for (const socket of [second, first, third]) await wait(socket);
    const end = ends(second);
    const fourth = await connect();
    await end;
    await expectServed(fourth);
    for (const response of waiting) response.end("late");
    await Promise.all(answers);
  });

  test("ends one of the address that has most of them, not the oldest", async () => {
    const { connect } = await start();
    const first = await connect("127.0.0.2");
    const [second, third] = [await connect(), await connect()];
    const end = ends(second);
    const fourth = await connect();
    await end;
    await expectServed(first, third, fourth);
  });

  test("spares the only idle one of an address where another one's requests hold nearly all", async () => {
    const { connect, wait } = await start(32);
    const idle = await connect("127.0.0.2");
    const busy: Socket[] = [];
    for (let count = 0; count < 31; count++) {
      const socket = await connect();
      await wait(socket);
      busy.push(socket);
    }
    const end = ends(busy[0] as Socket);
    const newcomer = await connect();
    await end;
    await expectServed(idle, newcomer);
  });

  test("spares a request of the address that has most of them while there are idle ones", async () => {
    const { connect, wait, waiting } = await start();
    const first = await connect("127.0.0.2");
    const [second, third] = [await connect(), await connect()];
    await wait(second);
    await wait(third);
    const end = ends(first);
    const fourth = await connect();
    await end;
    await expectServed(fourth);
    for (const response of waiting) response.end("late");
  });

  test("is none when another has gone", async () => {
    const { server, connect } = await start();
    const [first, second, third] = await connectAll(connect);
    third.destroy();
    const count = () =>
      new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));
    while ((await count()) === LIMIT) await sleep(10);
    const fourth = await connect();
    await expectServed(first, second, fourth);
  });
});

describe("in a crowd of more addresses than there is room for connections", () => {
  /** Each known address keeps two of so many. */
  const LIMIT_OF_CROWD = 32;

  test("an address that was served before keeps its part, idle or new", async () => {
    const { connect, crowd } = await start(LIMIT_OF_CROWD);
    const kept = await connect("127.0.0.2");
    await ask(kept);
    const begun = await connect("127.0.0.2");
    await crowd(2 * LIMIT_OF_CROWD);
    await expectServed(kept, begun);
  });

  test("one that was never answered does not", async () => {
    const { connect, crowd } = await start(LIMIT_OF_CROWD);
    const idle = await connect("127.0.0.2");
    const end = ends(idle);
    await crowd(2 * LIMIT_OF_CROWD);
    await end;
  });

  test("one that was refused does not", async () => {
    const { connect, crowd } = await start(LIMIT_OF_CROWD);
    const refused = await connect("127.0.0.2");
    expect(await ask(refused, "/none")).toContain("404");
    const end = ends(refused);
    await crowd(2 * LIMIT_OF_CROWD);
    await end;
  });

  test("one that holds more than its part loses them as others do", async () => {
    const { connect, crowd } = await start(LIMIT_OF_CROWD);
    const many = [await connect("127.0.0.2")];
    await expectServed(...many);
    while (many.length < 4) many.push(await connect("127.0.0.2"));
    const two = Promise.all(many.slice(0, 2).map(ends));
    await crowd(2 * LIMIT_OF_CROWD);
    await two;
    await expectServed(...many.slice(2));
  });
});

test.each([
  ["stays open", "keep-alive"],
  ["is at its end", "close"],
])(
  "a connection that has to go and %s takes what its client has not read with it",
  async (_, header) => {
    const certificate = await testCertificate(1);
    const answered = Promise.withResolvers<void>();
    const server = createServer(certificate, (_request, response) => {
      response.once("finish", answered.resolve);
      response.setHeader("Connection", header);
      response.end("x".repeat(1024 * 1024));
    });
    oneRequestAtATime(server, 60_000);
    capConnections(server, 1);
    running.push(server.listen(0).unref());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { socket } = await handshake({ port, ca: certificate.ca });
    clients.push(socket.on("error", () => {}).pause());
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await answered.promise;
    expect(unreadBytes(port)).toBeGreaterThan(0);
    const arrived = once(server, "connection");
    clients.push(connectPlain(port));
    await arrived;
    expect(unreadBytes(port)).toBe(0);
  },
);
