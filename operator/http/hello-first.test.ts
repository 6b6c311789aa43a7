/** First messages as clients send them, and as nobody does who means well. */
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer, type Server, connect as secureConnect } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { testCertificate } from "../webhook/testing/certificate.ts";
import { clientHello, closed } from "../webhook/testing/tls-client.ts";
import { helloFirst, judgeHello } from "./hello-first.ts";

/** A ClientHello whose message is of so many bytes, in one record. */
function helloOf(messageBytes: number): Buffer {
  const hello = Buffer.alloc(5 + messageBytes);
  hello.set([22, 3, 1]);
  hello.writeUInt16BE(messageBytes, 3);
  hello[5] = 1;
  hello.writeUIntBE(messageBytes - 4, 6, 3);
  return hello;
}

/** Cut after each of its first bytes, so that it is so many pieces. */
function inPieces(hello: Buffer, pieces: number): Buffer[] {
  const bytes = [...hello.subarray(0, pieces - 1)].map((byte) => Buffer.of(byte));
  return [...bytes, hello.subarray(pieces - 1)];
}

/** The same with another byte at one place. */
function changed(hello: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(hello);
  copy[at] = value;
  return copy;
}

describe("a first message is", () => {
  const HELLO = helloOf(512);

  test("whole, as a client sends it", async () => {
    expect(judgeHello(await clientHello())).toBe("whole");
  });

  test("whole at 8 KiB, and none with one byte more, of which nothing else has come", () => {
    expect(judgeHello(helloOf(8_192))).toBe("whole");
    expect(judgeHello(helloOf(8_193).subarray(0, 9))).toBe("none");
  });

  test("begun while a byte is missing", () => {
    const judged = new Set(
      [...HELLO.keys()].map((length) => judgeHello(HELLO.subarray(0, length))),
    );
    expect([...judged]).toStrictEqual(["begun"]);
  });

  test.each<[string, Buffer]>([
    ["text in the clear", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["another record", changed(HELLO, 0, 21)],
    ["another message", changed(HELLO, 5, 2)],
    ["a message that goes on in the next record", changed(HELLO, 6, 1)],
    ["a message that ends before its record", changed(HELLO, 8, HELLO.readUInt8(8) - 1)],
    ["a message with something sent ahead", Buffer.concat([HELLO, Buffer.alloc(1)])],
  ])("none: %s", (_, received) => {
    expect(judgeHello(received)).toBe("none");
  });
});

test.each([
  [32, "is set up"],
  [33, "is ended"],
])("a client whose message comes in %i pieces %s", async (pieces, becomes) => {
  const server = new EventEmitter() as Server;
  const setUp: unknown[] = [];
  server.on("connection", (socket) => setUp.push(socket));
  helloFirst(server, 1_000);
  // Pieces of a socket could be joined on their way.
  const socket = new PassThrough();
  server.emit("connection", socket);
  for (const piece of inPieces(helloOf(512), pieces)) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  expect(setUp).toStrictEqual(becomes === "is set up" ? [socket] : []);
  expect(socket.destroyed).toBe(becomes === "is ended");
  socket.destroy();
});

describe("a server", () => {
  const PATIENCE_MILLISECONDS = 5_000;
  const servers: Server[] = [];
  const clients: Socket[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  /** One that sends back what it is sent, and notes the connections for which it set up TLS. */
  async function start(milliseconds = 1_000) {
    const certificate = await testCertificate(1);
    const server = createServer({ ...certificate, allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    servers.push(server);
    const setUp: Socket[] = [];
    server.prependListener("connection", (socket: Socket) => setUp.push(socket));
    helloFirst(server, milliseconds);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const open = () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      clients.push(socket);
      return socket;
    };
    return { open, setUp, ca: certificate.ca };
  }

  async function expectServed(socket: Socket, ca: string, afterMilliseconds = 0): Promise<void> {
    const client = secureConnect({ socket, ca, servername: "localhost" });
    await once(client, "secureConnect");
    await sleep(afterMilliseconds);
    const answered = once(client, "data", { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    client.write("hello");
    expect(String((await answered)[0])).toBe("hello");
  }

  test("serves a client, also when the time for its first message is over", async () => {
    const { open, ca } = await start(300);
    await expectServed(open(), ca, 600);
  });

  test("answers a message that comes in pieces", async () => {
    const { open, setUp } = await start();
    const client = open();
    const answered = once(client, "data", { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    for (const piece of inPieces(await clientHello(), 32)) {
      client.write(piece);
      await new Promise(setImmediate);
    }
    const [answer] = await answered;
    expect([answer[0], answer[5]]).toStrictEqual([22, 2]); // A ServerHello.
    expect(setUp).toHaveLength(1);
  });

  test.each<[string, (hello: Buffer) => Buffer]>([
    ["keeps its last byte back", (hello) => hello.subarray(0, -1)],
    ["sends nothing", (hello) => hello.subarray(0, 0)],
    ["announces the longest that OpenSSL takes", () => Buffer.of(22, 3, 1, 64, 0, 1, 2, 1, 60)],
  ])("sets nothing up for a client that %s, and ends the connection", async (_, sent) => {
    const { open, setUp } = await start();
    const client = open();
    client.write(sent(await clientHello()));
    expect(await closed(client, PATIENCE_MILLISECONDS)).toBe("");
    expect(setUp).toHaveLength(0);
  });

  test("sets nothing up for a client that ends half-way, and does not wait for its time", async () => {
    const { open, setUp } = await start(PATIENCE_MILLISECONDS * 2);
    const client = open();
    client.end((await clientHello()).subarray(0, -1));
    expect(await closed(client, PATIENCE_MILLISECONDS)).toBe("");
    expect(setUp).toHaveLength(0);
  });

  test("outlives clients that reset their connection", async () => {
    const { open, ca } = await start();
    for (const part of [0, 100, undefined]) {
      const client = open();
      client.write((await clientHello()).subarray(0, part));
      await sleep(20);
      client.resetAndDestroy();
    }
    await expectServed(open(), ca);
  });
});
