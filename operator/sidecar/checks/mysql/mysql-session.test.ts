import { describe, expect, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import { serverError } from "./mysql-conversation.ts";
import type { Greeting } from "./mysql-greeting.ts";
import { countRows, limitStatement } from "./mysql-session.ts";
import { CHALLENGE, column, end, error, ok, packet, row } from "./testing/fake-mysql.ts";
import { scripted } from "./testing/scripted-conversation.ts";

const bodyOf = (bytes: Buffer) => bytes.subarray(4);
const OK = bodyOf(ok(0));
const COLUMN = bodyOf(column(0));
const END = bodyOf(end(0));
const ROW = bodyOf(row(0));
const QUIT = Buffer.from([1]);
const refusal = (number: number) => serverError(bodyOf(error(0, number)));
const columns = (...bytes: number[]) => bodyOf(packet(0, bytes));
/** A row whose first value is very long: it begins as an end does. */
const LONG_ROW = Buffer.from([254, 0, 0, 0, 0, 0, 0, 0, 0]);

const greeting: Greeting = {
  capabilities: 0,
  challenge: CHALLENGE,
  plugin: "mysql_native_password",
  isMariaDb: false,
};
const context = { greeting, account: { user: "app", password: "p" }, tls: false };

/** Asks `SELECT 1` of a server that says `script`, and gives what came of it and what was sent. */
async function ask(script: (Buffer | Error)[]) {
  const { conversation, commands, unread } = scripted(script);
  const question = { query: "SELECT 1", remaining: () => 2_000 };
  const outcome = await countRows(conversation, context, question).catch(reasonOfError);
  const queries = commands.filter(([kind]) => kind === 3).map((body) => body.toString("utf8", 1));
  return { outcome, queries, last: commands.at(-1), unread: unread() };
}

const LOGGED_IN = [OK, OK, OK];

test("asks after it has set what the session may do, and says goodbye", async () => {
  expect(await ask([...LOGGED_IN, columns(1), COLUMN, END, ROW, END])).toEqual({
    outcome: 1,
    queries: [
      "SET SESSION TRANSACTION READ ONLY",
      "SET SESSION max_execution_time = 2000",
      "SELECT 1",
    ],
    last: QUIT,
    unread: 0,
  });
});

describe("rows", () => {
  test.each<[string, Buffer[], number]>([
    ["no result", [OK], 0],
    ["no row", [columns(1), COLUMN, END, END], 0],
    ["two rows", [columns(1), COLUMN, END, ROW, ROW, END], 2],
    ["250 columns", [columns(250), ...Array(250).fill(COLUMN), END, ROW, END], 1],
    ["an end of eight bytes", [columns(1), COLUMN, Buffer.concat([END, Buffer.alloc(3)]), END], 0],
    ["two columns", [columns(2), COLUMN, COLUMN, END, ROW, END], 1],
    ["a number of columns in two bytes", [columns(252, 1, 0), COLUMN, END, ROW, END], 1],
    ["a row that begins as an end does", [columns(1), COLUMN, END, LONG_ROW, END], 1],
    ["a row that begins as a success does", [columns(1), COLUMN, END, OK, END], 1],
  ])("%s", async (_, answer, rows) => {
    const { outcome, unread } = await ask([...LOGGED_IN, ...answer]);
    expect(outcome).toBe(rows);
    expect(unread).toBe(0);
  });

  test.each<[string, Buffer[]]>([
    ["a request for a file", [columns(251)]],
    ["a request for a file with its name", [bodyOf(packet(0, [251], "/etc/passwd"))]],
    ["no columns", [columns(252, 0, 0)]],
    ["4,097 columns", [columns(252, 1, 16)]],
    ["251 columns in one byte", [columns(251)]],
    ["a number of columns in another length", [columns(253, 1, 0)]],
    ["a short number and more", [columns(1, 1, 0)]],
    ["a number of three bytes", [columns(253, 1, 0, 0)]],
    ["a number and more", [columns(1, 0)]],
    ["a number that is cut", [columns(252, 1)]],
    ["an end in place of a column", [columns(2), COLUMN, END]],
    ["a row in place of the end of columns", [columns(1), COLUMN, ROW]],
  ])("%s: ProtocolError", async (_, answer) => {
    const { outcome, last, unread } = await ask([...LOGGED_IN, ...answer]);
    expect(outcome).toBe("ProtocolError");
    expect(last).toEqual(QUIT);
    expect(unread).toBe(0);
  });

  test("4,096 columns are believed", async () => {
    const answer = [columns(252, 0, 16), ...Array(4_096).fill(COLUMN), END, ROW, END];
    expect((await ask([...LOGGED_IN, ...answer])).outcome).toBe(1);
  });
});

describe("errors", () => {
  test("a server that has no limit of time is asked all the same", async () => {
    const script = [OK, OK, refusal(1193), columns(1), COLUMN, END, ROW, END];
    expect((await ask(script)).outcome).toBe(1);
  });

  test("a server that knows the setting to read only and has no such sessions (TiDB) is asked all the same", async () => {
    const script = [OK, refusal(1235), OK, columns(1), COLUMN, END, ROW, END];
    const { outcome, unread } = await ask(script);
    expect({ outcome, unread }).toEqual({ outcome: 1, unread: 0 });
  });

  test.each<[string, (Buffer | Error)[], string, number]>([
    ["the setting to read only is refused", [OK, refusal(1193)], "InvalidResponse", 1],
    ["the limit of time is refused", [OK, OK, refusal(1064)], "InvalidResponse", 2],
    ["the limit of time is not supported", [OK, OK, refusal(1235)], "InvalidResponse", 2],
    ["the query is refused", [...LOGGED_IN, refusal(1142)], "AuthenticationFailed", 3],
    ["the limit of time is over", [...LOGGED_IN, refusal(3024)], "CheckTimeout", 3],
    [
      "the query fails in the middle",
      [...LOGGED_IN, columns(1), COLUMN, END, ROW, refusal(1969)],
      "CheckTimeout",
      3,
    ],
  ])("%s: nothing more is asked, and goodbye is said", async (_, script, reason, asked) => {
    const { outcome, queries, last } = await ask(script);
    expect(outcome).toBe(reason);
    expect(queries).toHaveLength(asked);
    expect(last).toEqual(QUIT);
  });

  test("a login that is refused ends the connection: the server has gone", async () => {
    const { outcome, last } = await ask([refusal(1045)]);
    expect(outcome).toBe("AuthenticationFailed");
    expect(last).toBeUndefined();
  });
});

test.each([
  [true, 2_000, "SET SESSION max_statement_time = 2"],
  // Whole seconds: what has a point, ProxySQL does not understand.
  [true, 2_000.5, "SET SESSION max_statement_time = 3"],
  [true, 1, "SET SESSION max_statement_time = 1"],
  [true, 0, "SET SESSION max_statement_time = 1"],
  [true, -5, "SET SESSION max_statement_time = 1"],
  [false, 1_234.5, "SET SESSION max_execution_time = 1235"],
  [false, -5, "SET SESSION max_execution_time = 1"],
])("MariaDB: %s, %d ms left: %s", (isMariaDb, milliseconds, statement) => {
  expect(limitStatement({ ...greeting, isMariaDb }, milliseconds)).toBe(statement);
});
