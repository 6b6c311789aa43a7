import { getEventListeners, once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { isTooMuch, MAX_BYTES, MAX_CHUNKS, readUntil } from "./read-until.ts";

const NEVER = new AbortController().signal;

/** Stands for the socket below a stream: only its count of bytes is looked at. */
const socketThatRead = (bytesRead: number) => ({ bytesRead }) as Socket;

test("gives chunks until one is enough, and then leaves the stream alone", async () => {
  const stream = new PassThrough();
  const chunks: string[] = [];
  const done = readUntil({ stream, socket: socketThatRead(1), signal: NEVER }, (chunk) => {
    chunks.push(chunk.toString());
    return chunks.length === 2;
  });
  stream.write("a");
  stream.write("b");
  stream.write("c");
  await done;
  expect(chunks).toEqual(["a", "b"]);
  expect(stream.isPaused()).toBe(true);
  expect(stream.listenerCount("data")).toBe(0);
  expect(getEventListeners(NEVER, "abort")).toHaveLength(0);
});

test("a stream that was left alone is read on", async () => {
  const stream = new PassThrough();
  const chunks: string[] = [];
  const next = () =>
    readUntil({ stream, socket: socketThatRead(1), signal: NEVER }, (chunk) => {
      chunks.push(chunk.toString());
      return true;
    });
  stream.write("a");
  await next();
  stream.write("b");
  await next();
  expect(chunks).toEqual(["a", "b"]);
});

test("what the reader throws rejects", async () => {
  const stream = new PassThrough();
  const done = readUntil({ stream, socket: socketThatRead(1), signal: NEVER }, () => {
    throw new Error("no");
  });
  stream.write("a");
  await expect(done).rejects.toThrow("no");
});

test("the bytes of the socket are counted, not those of the stream", async () => {
  const stream = new PassThrough();
  const source = { stream, socket: socketThatRead(MAX_BYTES + 1), signal: NEVER };
  const done = readUntil(source, () => false);
  stream.write("a");
  const failure = await done.catch((error) => error);
  expect(failure).toMatchObject({ reason: "ProtocolError" });
  expect(isTooMuch(failure)).toBe(true);
});

test("of an encrypted stream what has come is enough, though the socket has got what comes later", async () => {
  const stream = new PassThrough();
  const source = { stream, socket: socketThatRead(MAX_BYTES + 1), signal: NEVER };
  const chunks: string[] = [];
  const done = readUntil(source, (chunk) => chunks.push(chunk.toString()) > 0);
  stream.write("all that is asked for");
  await expect(done).resolves.toBeUndefined();
  expect(chunks).toEqual(["all that is asked for"]);
});

test("in clear what is past the limit is cut off, and what is before it may be enough", async () => {
  const read = async (enough: boolean) => {
    const socket = Object.assign(new PassThrough(), { bytesRead: MAX_BYTES + 2 });
    const chunks: string[] = [];
    const done = readUntil(
      { stream: socket, socket: socket as unknown as Socket, signal: NEVER },
      (chunk) => {
        chunks.push(chunk.toString());
        return enough;
      },
    );
    socket.write("abcde");
    return { chunks, failure: await done.catch((error) => error) };
  };
  expect(await read(true)).toEqual({ chunks: ["abc"], failure: undefined });
  expect(await read(false)).toEqual({
    chunks: ["abc"],
    failure: expect.objectContaining({ reason: "ProtocolError" }),
  });
});

test("what ended a stream before anybody read on", async () => {
  const stream = new PassThrough();
  const failure = new Error("no");
  const ended = once(stream, "error");
  stream.destroy(failure);
  await ended;
  const done = readUntil({ stream, socket: socketThatRead(0), signal: NEVER }, () => true);
  await expect(done).rejects.toBe(failure);
});

test("as many bytes as are allowed are read", async () => {
  const stream = new PassThrough();
  const done = readUntil({ stream, socket: socketThatRead(MAX_BYTES), signal: NEVER }, () => true);
  stream.write("a");
  await expect(done).resolves.toBeUndefined();
});

test("bytes one by one are read up to a limit", async () => {
  const stream = new PassThrough();
  let chunks = 0;
  const done = readUntil({ stream, socket: socketThatRead(1), signal: NEVER }, () => {
    chunks += 1;
    return false;
  });
  for (let sent = 0; sent <= MAX_CHUNKS; sent += 1) stream.write("a");
  await expect(done).rejects.toMatchObject({ reason: "ProtocolError" });
  expect(chunks).toBe(MAX_CHUNKS);
});

test("the stream's own error, such as an alert after the handshake", async () => {
  const stream = new PassThrough();
  const done = readUntil({ stream, socket: socketThatRead(0), signal: NEVER }, () => true);
  stream.on("error", () => {});
  stream.destroy(Object.assign(new Error(), { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }));
  await expect(done).rejects.toMatchObject({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
});

test("a signal that fires meanwhile", async () => {
  const deadline = new AbortController();
  const source = { stream: new PassThrough(), socket: socketThatRead(0), signal: deadline.signal };
  const done = readUntil(source, () => true);
  deadline.abort();
  await expect(done).rejects.toMatchObject({ reason: "CheckTimeout" });
});

test("a stream or a signal that has ended already", async () => {
  const stream = new PassThrough();
  const socket = socketThatRead(0);
  const late = readUntil({ stream, socket, signal: AbortSignal.abort() }, () => true);
  await expect(late).rejects.toMatchObject({ reason: "CheckTimeout" });
  stream.destroy();
  await once(stream, "close");
  const closed = readUntil({ stream, socket, signal: NEVER }, () => true);
  await expect(closed).rejects.toMatchObject({ reason: "ConnectionClosed" });
});

let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer((socket) => {
    socket.allowHalfOpen = true;
    socket.end();
  });
});
afterAll(() => server.close());

test("a peer that says no more, while we could still talk: ConnectionClosed", async () => {
  const socket = connect({ host: "127.0.0.1", port: server.port, allowHalfOpen: true });
  await once(socket, "connect");
  const done = readUntil({ stream: socket, socket, signal: NEVER }, () => true);
  await expect(done).rejects.toMatchObject({ reason: "ConnectionClosed" });
  socket.destroy();
});
