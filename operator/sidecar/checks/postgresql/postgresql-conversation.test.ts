import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { MAX_MESSAGES } from "../network/message-queue.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { type Conversation, converse, serverError } from "./postgresql-conversation.ts";
import { fatal, message } from "./testing/fake-postgresql.ts";

/** A conversation with a server that says `bytes`, and what ends it. */
function hear(...bytes: Buffer[]): {
  conversation: Conversation;
  stream: PassThrough;
  pastDeadline(): void;
} {
  const stream = new PassThrough();
  const deadline = new AbortController();
  const socket = { bytesRead: 1 } as Socket;
  const conversation = converse({ stream, socket, signal: deadline.signal });
  for (const chunk of bytes) stream.write(chunk);
  return { conversation, stream, pastDeadline: () => deadline.abort() };
}

const NOTICE = message("N", "SNOTICE\0C00000\0Mhello\0\0");
const READY = message("Z", "I");

test("gives one message after the other, without the notices between them", async () => {
  const { conversation } = hear(NOTICE, NOTICE, READY, NOTICE, NOTICE, NOTICE, message("K", "x"));
  expect(await conversation.next()).toEqual({ type: "Z", body: Buffer.from("I") });
  expect(await conversation.next()).toEqual({ type: "K", body: Buffer.from("x") });
});

test("what was said before the end comes before the end", async () => {
  const { conversation, stream } = hear(READY);
  stream.end();
  await sleep(1);
  expect(await conversation.next()).toMatchObject({ type: "Z" });
  await expect(conversation.next()).rejects.toMatchObject({ reason: "ConnectionClosed" });
});

test.each([
  ["notices", message("N")],
  ["parameters", message("S")],
  ["rows", message("D", Buffer.from([0, 0]))],
])("more %s than a session has messages: ProtocolError, once those are taken", async (_, small) => {
  const { conversation } = hear(Buffer.concat(Array<Buffer>(MAX_MESSAGES + 1).fill(small)));
  const taken = async () => {
    for (let count = 0; ; count += 1) {
      expect(count).toBeLessThanOrEqual(MAX_MESSAGES);
      await conversation.next();
    }
  };
  await expect(taken()).rejects.toMatchObject({ reason: "ProtocolError" });
});

test("as many as a session has are taken", async () => {
  const notices = Array<Buffer>(MAX_MESSAGES - 1).fill(message("N"));
  const { conversation } = hear(Buffer.concat([...notices, READY]));
  expect(await conversation.next()).toMatchObject({ type: "Z" });
});

test("past the deadline nothing more is looked at, not even what has arrived", async () => {
  const { conversation, pastDeadline } = hear(READY);
  await sleep(1);
  pastDeadline();
  await expect(conversation.next()).rejects.toMatchObject({ reason: "CheckTimeout" });
});

test("an error has its SQLSTATE", async () => {
  const { conversation } = hear(fatal("57P03", "not yet"));
  const error = { code: "57P03", severity: "FATAL", text: "not yet" };
  await expect(conversation.next()).rejects.toMatchObject(error);
});

test("of fields that come twice the first counts", async () => {
  const twice = message("E", "SFATAL\0C57P03\0Mfirst\0SERROR\0C28P01\0Msecond\0\0");
  const error = { code: "57P03", severity: "FATAL", text: "first" };
  await expect(hear(twice).conversation.next()).rejects.toMatchObject(error);
});

test("an error whose text is long has its SQLSTATE, and how that text begins", async () => {
  const long = fatal("57P03", `not yet${" and not yet".repeat(5_000)}`);
  const error = { code: "57P03", severity: "FATAL", text: expect.stringMatching(/^not yet and/) };
  await expect(hear(long).conversation.next()).rejects.toMatchObject(error);
});

const CODE = "C57P03\0\0";
const HONEST = Buffer.from(`SFATAL\0VFATAL\0Mthe database system is starting up\0${CODE}`);

test.each([
  ["empty fields", Buffer.from("\0".repeat(65_400) + CODE)],
  ["fields of a letter", Buffer.from("M\0".repeat(32_700) + CODE)],
  ["bytes that are no text", Buffer.concat([Buffer.alloc(65_400, 0xff), Buffer.from(`\0${CODE}`)])],
])("64 KiB of %s in an error: ProtocolError, for little CPU", (_, hostile) => {
  const ratio = cpuRatio(
    () => serverError(hostile),
    () => serverError(HONEST),
  );
  expect(ratio).toBeLessThan(20);
  expect(serverError(hostile)).toMatchObject({ reason: "ProtocolError" });
  expect(serverError(HONEST)).toMatchObject({ code: "57P03" });
});

test.each([
  ["the code of a socket's error", fatal("EPIPE")],
  ["the name of a refused connection", fatal("ECONNREFUSED")],
  ["an empty code", fatal("")],
  ["no code", message("E", "SFATAL\0Mno\0\0")],
  ["no end", message("E", "SFATAL\0C57P03\0")],
  ["something after its end", message("E", "SFATAL\0C57P03\0\0x")],
  ["nothing", message("E")],
])("an error with %s: ProtocolError", async (_, bytes) => {
  await expect(hear(bytes).conversation.next()).rejects.toMatchObject({ reason: "ProtocolError" });
});
