import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { MAX_CHUNKS } from "../network/read-until.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { offersTls } from "./ssl-request.ts";
import { fatal, message } from "./testing/fake-postgresql.ts";

/** What is told of a server that answers in these pieces and then hangs up. */
async function answered(...pieces: (Buffer | string)[]): Promise<unknown> {
  const stream = new PassThrough();
  const socket = Object.assign(stream, { bytesRead: 0 }) as unknown as Socket;
  // A PassThrough gives back what is written.
  stream.write = () => true;
  const outcome = offersTls({ stream, socket, signal: new AbortController().signal }).catch(
    reasonOfError,
  );
  for (const piece of pieces) {
    stream.push(Buffer.from(piece as string));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.push(null);
  return outcome;
}

/** As Pgpool-II says it with reserved_connections. */
const FULL = message(
  "E",
  "SFATAL\0C53300\0MSorry, too many clients already\0Fprotocol/child.c\0L367\0\0",
);

test.each([
  ["S", true],
  ["N", false],
])("%s: %s", async (letter, offers) => {
  expect(await answered(letter)).toBe(offers);
});

test.each<[string, (Buffer | string)[], string]>([
  ["the letter of no answer", ["H"], "ProtocolError"],
  ["S and more", ["SN"], "ProtocolError"],
  ["nothing", [], "ConnectionClosed"],
  ["too many clients", [FULL], "TooManyConnections"],
  ["the same in two pieces", [FULL.subarray(0, 1), FULL.subarray(1)], "TooManyConnections"],
  ["the same, cut in its text", [FULL.subarray(0, 40), FULL.subarray(40)], "TooManyConnections"],
  ["the same, never ended", [FULL.subarray(0, -1)], "ConnectionClosed"],
  ["too little memory", [fatal("53200")], "TooManyConnections"],
  ["an error of another class", [fatal("57P03")], "ProtocolError"],
  ["a wrong password", [fatal("28P01")], "ProtocolError"],
  ["the words of a pooler", [fatal("XX000", "authentication failed")], "ProtocolError"],
  ["an error without its end", [message("E", "SFATAL\0C53300")], "ProtocolError"],
  [
    "no process for one more session",
    ["Ecould not fork", " new process\n\0"],
    "TooManyConnections",
  ],
  ["the same, never ended", ["Ecould not fork new process"], "ConnectionClosed"],
  ["a length that is none", ["E", Buffer.from([0, 0, 0, 3])], "ProtocolError"],
  ["an error beyond all bounds", ["E", Buffer.from([0, 1, 0, 0])], "ProtocolError"],
])("answered by %s", async (_, pieces, reason) => {
  expect(await answered(...pieces)).toBe(reason);
});

test("an error in more pieces than a check takes: not read to its end", async () => {
  const pieces = Array.from(message("E", "S".repeat(MAX_CHUNKS)), (byte) => Buffer.from([byte]));
  expect(await answered(...pieces)).toBe("ProtocolError");
});
