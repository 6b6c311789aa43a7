/** Connections over real TLS, to a server that has room for three. */

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { testCertificate } from "../webhook/testing/certificate.ts";
import { closed, handshake } from "../webhook/testing/tls-client.ts";
import { capConnections } from "./cap-connections.ts";

const LIMIT = 3;
/** From the end of a connection here to its end at the other side. */
const CLOSE_MILLISECONDS = 3_000;

const running: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of running.splice(0)) server.closeAllConnections();
});

/** A server that answers at once, but `/wait` only when told. */
async function start() {
  const certificate = await testCertificate(1);
  const waiting: ServerResponse[] = [];
  const server = createServer(certificate, (request, response) => {
    if (request.url === "/wait") waiting.push(response);
    else response.end("done");
  });
  capConnections(server, LIMIT);
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
  return { server, connect, wait, waiting };
}

/** Rejects when the connection has ended. */
async function ask(socket: Socket): Promise<string> {
  const answered = once(socket, "data", { signal: AbortSignal.timeout(CLOSE_MILLISECONDS) });
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
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
