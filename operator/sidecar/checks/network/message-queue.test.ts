import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { CheckError } from "../check.ts";
import { MAX_MESSAGES, queueMessages } from "./message-queue.ts";
import { MAX_BYTES } from "./read-until.ts";

/** Each byte is a message; `!` is none. */
const createReader = (onMessage: (text: string) => void) => (chunk: Buffer) => {
  for (const letter of chunk.toString()) {
    if (letter === "!") throw new CheckError("ProtocolError");
    onMessage(letter);
  }
};

function start() {
  const stream = new PassThrough();
  const socket = { bytesRead: 0 };
  const abort = new AbortController();
  const source = { stream, socket: socket as Socket, signal: abort.signal };
  return { stream, socket, abort, next: queueMessages(source, createReader) };
}

test("gives messages in their order, those that came before and those that come after", async () => {
  const { stream, next } = start();
  stream.write("ab");
  expect(await next()).toBe("a");
  expect(await next()).toBe("b");
  const later = next();
  stream.write("c");
  expect(await later).toBe("c");
});

test("what was said before the end comes before it", async () => {
  const { stream, next } = start();
  stream.end("a");
  expect(await next()).toBe("a");
  await expect(next()).rejects.toMatchObject({ reason: "ConnectionClosed" });
  await expect(next()).rejects.toMatchObject({ reason: "ConnectionClosed" });
});

test("what the reader throws ends a wait", async () => {
  const { stream, next } = start();
  const waiting = next();
  stream.write("!");
  await expect(waiting).rejects.toMatchObject({ reason: "ProtocolError" });
});

test("counts also while nobody waits", async () => {
  const { stream, socket, next } = start();
  socket.bytesRead = MAX_BYTES + 1;
  stream.write("a");
  await new Promise((resolve) => setImmediate(resolve));
  expect(await next()).toBe("a");
  await expect(next()).rejects.toMatchObject({ reason: "ProtocolError" });
});

test("takes as many messages as a session may have, and no more", async () => {
  const enough = start();
  enough.stream.write("a".repeat(MAX_MESSAGES));
  for (let taken = 0; taken < MAX_MESSAGES; taken += 1) expect(await enough.next()).toBe("a");

  const flooded = start();
  flooded.stream.write("a".repeat(MAX_MESSAGES + 1));
  for (let taken = 0; taken < MAX_MESSAGES; taken += 1) await flooded.next();
  await expect(flooded.next()).rejects.toMatchObject({ reason: "ProtocolError" });
});

test("a signal that has fired comes first, and ends a wait", async () => {
  const { stream, abort, next } = start();
  const waiting = next();
  abort.abort(new CheckError("ConnectTimeout"));
  await expect(waiting).rejects.toMatchObject({ reason: "ConnectTimeout" });
  stream.write("a");
  await expect(next()).rejects.toMatchObject({ reason: "ConnectTimeout" });
});
