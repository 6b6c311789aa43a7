import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { beforeEach, expect, test } from "@jest/globals";
import { queryMessage, TERMINATE } from "./postgresql-messages.ts";
import { countRows, limitedQuery } from "./postgresql-session.ts";
import { LOGGED_IN, message } from "./testing/fake-postgresql.ts";

test.each([
  [3_000, 3_000],
  [0.2, 1],
  // 0 would mean no limit at all.
  [0, 1],
  [-5, 1],
])("%d ms are left: the server is given %d", (left, limit) => {
  expect(limitedQuery("SELECT 1", left)).toBe(`SET LOCAL statement_timeout = ${limit}; SELECT 1`);
});

const READY = message("Z", "I");
const COLUMNS = message("T", Buffer.from([0, 0]));
const ROW = message("D", Buffer.from([0, 0]));
const DONE = message("C", "SELECT 1\0");

/** What the client has said. */
let said: Buffer[];
/** What puts its words on their way. */
let send: (written: () => void) => void;
beforeEach(() => {
  said = [];
  send = (written) => written();
});

/** What `countRows` makes of a server that lets everyone in and answers the query by `answer`. */
function rowsOf(answer: Buffer[]): Promise<number> {
  const stream = new PassThrough();
  const serverSays = stream.write.bind(stream);
  serverSays(LOGGED_IN);
  // A PassThrough would give the client's own words back to it.
  stream.write = ((bytes: Buffer, written?: () => void) => {
    if (written) send(written);
    return said.push(bytes) > 0;
  }) as typeof stream.write;
  const login = {
    host: "db",
    port: 1,
    user: "u",
    password: "",
    database: "d",
    options: undefined,
    channelBinding: false,
  };
  const session = {
    stream,
    socket: { bytesRead: 1 } as Socket,
    signal: new AbortController().signal,
    login,
    deriveKeys: () => Promise.reject(new Error("there is no password")),
  };
  return countRows(session, () => {
    for (const bytes of answer) serverSays(bytes);
    return "SELECT 1";
  });
}

test.each([
  ["two rows", [COLUMNS, ROW, ROW, DONE, READY], 2],
  ["rows of two results", [COLUMNS, ROW, DONE, COLUMNS, ROW, DONE, READY], 2],
  ["no row", [COLUMNS, DONE, READY], 0],
  ["nothing, to an empty query", [message("I"), READY], 0],
  [
    "a parameter and a notification between the rows",
    [COLUMNS, ROW, message("S", "a\0b\0"), message("A", "x"), ROW, DONE, READY],
    2,
  ],
])("a query is answered by %s", async (_, answer, rows) => {
  expect(await rowsOf(answer)).toBe(rows);
});

test.each([
  ["a row without columns", [ROW, DONE, READY]],
  ["a row after its result", [COLUMNS, DONE, ROW, READY]],
  ["a row after an empty query", [COLUMNS, message("I"), ROW, READY]],
  ["another login", [message("R", Buffer.alloc(4)), READY]],
  ["another key", [message("K", Buffer.alloc(8)), READY]],
])("a query is answered by %s: ProtocolError", async (_, answer) => {
  await expect(rowsOf(answer)).rejects.toMatchObject({ reason: "ProtocolError" });
});

test.each([
  ["an answer", [COLUMNS, ROW, DONE, READY]],
  ["a failure", [ROW]],
])("after %s it says goodbye", async (_, answer) => {
  await rowsOf(answer).catch(() => {});
  expect(said.slice(1)).toStrictEqual([queryMessage("SELECT 1"), TERMINATE]);
});

test("it is over once the goodbye is on its way", async () => {
  const sent = Promise.withResolvers<() => void>();
  send = sent.resolve;
  let isOver = false;
  const rows = rowsOf([COLUMNS, ROW, DONE, READY]).finally(() => {
    isOver = true;
  });
  const written = await sent.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect({ isOver, last: said.at(-1) }).toEqual({ isOver: false, last: TERMINATE });
  written();
  expect(await rows).toBe(1);
});
