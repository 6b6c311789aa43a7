/** Whatever a server of any type answers, a check ends in time, with a success or a reason of the closed list. */
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "@jest/globals";
import fc from "fast-check";
import { fuzz } from "../../../test/fuzz/fuzz.ts";
import { strangeConversation } from "../../../test/fuzz/strange-bytes.ts";
import type { DependencyConfig } from "../../api/policy-file.ts";
import { REASONS, type Reason } from "../../api/reasons.ts";
import { type Check, CheckError } from "./check.ts";
import { dependency as api } from "./http/testing/http-subject.ts";
import * as mysql from "./mysql/testing/fake-mysql.ts";
import * as postgresql from "./postgresql/testing/fake-postgresql.ts";
import { reasonOfError } from "./reason-of-error.ts";
import { loadCheck } from "./registry.ts";
import { type FakeServer, startFakeServer } from "./testing/fake-server.ts";

/** Short, since some conversations are ones in which both sides wait for the other. */
const CHECK_TIMEOUT_MILLISECONDS = 150;
const PATIENCE_MILLISECONDS = 10_000;
/** After this a server goes on although it has heard nothing. */
const UNASKED_MILLISECONDS = 5;
const MAX_DETAIL_CHARACTERS = 640;
const PASSWORD = "s3cr3t-p4ssw0rd";

/** How a server speaks: one message for each piece that it hears, in chunks of so many bytes, and then how it ends. */
interface Script {
  messages: Buffer[];
  chunk: number;
  end: "end" | "reset" | "wait";
}

interface Subject {
  type: string;
  /** What the client asks for before it logs in; unset: it speaks in clear. */
  asked?: string;
  speaksFirst?: true;
  dependency: (port: number) => DependencyConfig;
  /** What a server that is up says. */
  right: Buffer[][];
  /** What else it may say. */
  others: Buffer[];
}

const text = (...lines: string[]) => lines.map((line) => Buffer.from(line));
const credentials = { secretName: "db", usernameKey: "username", passwordKey: "password" };
const common = { name: "db", impact: "Gate" as const };
const host = "127.0.0.1";
const tls = { mode: "Disable" as const };
const LARGEST_LENGTH = Buffer.from([0x44, 0x7f, 255, 255, 255]);
const SCRAM = postgresql.message("R", postgresql.int32(10), "SCRAM-SHA-256\0\0");
const FINAL = postgresql.message("R", postgresql.int32(12), "v=AAAA");
const CHALLENGE = postgresql.message("R", postgresql.int32(11), "r=abc,s=QUJD,i=4096");
const ROW = mysql.packet(1, [1]);

/** The beginnings of a server's greeting, certificate, refusal and data, each with a length that is not kept. */
const TLS_RECORDS = [
  Buffer.from([22, 3, 3, 0, 6, 2, 0, 0, 2, 3, 3]),
  Buffer.from([22, 3, 3, 0, 7, 11, 0, 0, 3, 0, 0, 0]),
  Buffer.from([21, 3, 3, 0, 2, 2, 40]),
  Buffer.from([23, 3, 3, 64, 0, 1, 2, 3]),
  Buffer.from([20, 3, 3, 0, 1, 1]),
];

const SUBJECTS: Subject[] = [
  {
    type: "postgresql",
    dependency: (port) => ({
      ...{ ...common, type: "postgresql" },
      postgresql: { host, port, credentials, tls, query: "SELECT 1" },
    }),
    right: [
      [postgresql.LOGGED_IN, postgresql.ONE_ROW],
      [postgresql.ASK_PASSWORD, postgresql.LOGGED_IN, postgresql.ONE_ROW],
      [SCRAM, CHALLENGE, FINAL, postgresql.LOGGED_IN],
    ],
    others: [LARGEST_LENGTH, postgresql.fatal("28P01"), postgresql.message("N", "SNOTICE\0\0")],
  },
  {
    type: "postgresql",
    asked: "TLS if it has that",
    dependency: (port) => ({
      ...{ ...common, type: "postgresql" },
      postgresql: { host, port, credentials, tls: { mode: "Prefer" }, query: "SELECT 1" },
    }),
    right: [[Buffer.from("N"), postgresql.LOGGED_IN, postgresql.ONE_ROW]],
    others: [Buffer.from("S"), ...TLS_RECORDS],
  },
  {
    type: "mysql",
    speaksFirst: true,
    dependency: (port) => ({
      ...{ ...common, type: "mysql" },
      mysql: { host, port, credentials, tls, query: "SELECT 1" },
    }),
    right: [
      [mysql.greeting(), ...mysql.LOGGED_IN, mysql.ONE_ROW],
      [
        mysql.greeting({ plugin: "caching_sha2_password" }),
        mysql.moreData(2, [3]),
        ...mysql.LOGGED_IN,
      ],
    ],
    others: [
      mysql.switchTo("caching_sha2_password"),
      mysql.switchTo("mysql_clear_password"),
      mysql.moreData(2, [4]),
      mysql.error(2, 1040),
      ROW,
    ],
  },
  {
    type: "redis",
    dependency: (port) => ({
      ...{ ...common, type: "redis" },
      redis: { host, port, credentials, tls },
    }),
    right: [
      text("+PONG\r\n"),
      text("-NOAUTH Authentication required.\r\n", "+OK\r\n", "+PONG\r\n"),
    ],
    others: text("-LOADING \r\n", "$4\r\nPONG\r\n", "*1\r\n", ">2\r\n", "-ERR ", "\r", "\n"),
  },
  {
    type: "redis",
    asked: "TLS",
    dependency: (port) => ({
      ...{ ...common, type: "redis" },
      redis: { host, port, credentials, tls: { mode: "Require" } },
    }),
    right: [TLS_RECORDS],
    others: text("-ERR \r\n"),
  },
  {
    type: "memcached",
    dependency: (port) => ({
      ...{ ...common, type: "memcached" },
      memcached: { servers: [{ host, port }], minAvailable: 1 },
    }),
    right: [text("STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n")],
    others: text("STAT ", "END\r\n", "ERROR\r\n", "SERVER_ERROR out of memory\r\n", "\r", "\n"),
  },
  {
    type: "http",
    dependency: (port) => api({ port }),
    right: [
      text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
      text("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
      text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ],
    others: text("HTTP/1.1 ", "Content-Length: 99999999\r\n", "ffffffff\r\n", ": \t", "\r\n\r\n"),
  },
];

async function readSecretKey({ key }: { key: string }): Promise<string> {
  return key === "username" ? "web" : PASSWORD;
}

async function write(socket: Socket, message: Buffer, chunk: number): Promise<void> {
  for (let at = 0; at < message.length && socket.writable; at += chunk) {
    socket.write(message.subarray(at, at + chunk));
    await turn();
  }
}

function finish(socket: Socket, end: Script["end"]): void {
  if (end === "end") socket.end();
  if (end === "reset") socket.resetAndDestroy();
}

/** Speaks as the script says: when it has heard something, and also when nothing has come for a while. */
function serve(socket: Socket, { messages, chunk, end }: Script, speaksFirst = false): void {
  const left = [...messages];
  let unasked: NodeJS.Timeout | undefined;
  const say = async () => {
    clearTimeout(unasked);
    const message = left.shift();
    // The first chunks alone are small: thousands of them are another test's.
    if (message) await write(socket, message, Math.max(chunk, message.length / 100));
    unasked = setTimeout(left.length === 0 ? () => finish(socket, end) : say, UNASKED_MILLISECONDS);
  };
  socket.setNoDelay(true);
  socket.on("data", say);
  socket.on("close", () => clearTimeout(unasked));
  if (speaksFirst) void say();
}

const scripts = ({ right, others }: Subject): fc.Arbitrary<Script> =>
  fc.record({
    messages: strangeConversation(right, others),
    chunk: fc.constantFrom(1, 2, 7, 100_000),
    end: fc.oneof(
      { arbitrary: fc.constantFrom("end" as const, "reset" as const), weight: 9 },
      fc.constant("wait" as const),
    ),
  });

let server: FakeServer;
/** Connections that the check under test has not closed. */
const open = new Set<Socket>();
let current: { script: Script; subject: Subject };

beforeAll(async () => {
  server = await startFakeServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serve(socket, current.script, current.subject.speaksFirst);
  });
});
afterAll(() => server.close());

/** Waits until it holds; whoever tests on a machine that is busy for hours must not take that for a hang. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(1);
  }
}

/** What a check came to, as it is told. */
type Outcome = { ok: true; tls: boolean | undefined } | { reason: Reason; detail: string };

/** Runs a check as the sidecar does. Rejects when it goes on after its deadline, or leaves something behind. */
async function outcomeOf(check: Check, dependency: DependencyConfig): Promise<Outcome> {
  const deadline = new AbortController();
  const { signal } = deadline;
  const timer = setTimeout(() => deadline.abort(), CHECK_TIMEOUT_MILLISECONDS);
  const end = performance.now() + CHECK_TIMEOUT_MILLISECONDS;
  let outcome: Outcome | undefined;
  const settle = (settled: Outcome) => {
    outcome = settled;
  };
  const context = {
    signal,
    connectTimeoutMilliseconds: CHECK_TIMEOUT_MILLISECONDS * 0.6,
    remainingMilliseconds: () => end - performance.now(),
    readSecretKey,
  };
  check.run(dependency, context).then(
    ({ tls: encrypted }) => settle({ ok: true, tls: encrypted }),
    (error) => {
      const detail = error instanceof CheckError ? `${error.detail} ${error.problem}` : "";
      settle({ reason: reasonOfError(error), detail });
    },
  );
  await until("the check ends", () => outcome !== undefined);
  clearTimeout(timer);
  await until("nobody listens", () => getEventListeners(signal, "abort").length === 0);
  await until("its connections are closed", () => open.size === 0);
  return outcome as Outcome;
}

for (const subject of SUBJECTS) {
  const who = [subject.type, ...(subject.asked ? ["asked for", subject.asked] : [])].join(" ");
  fuzz(`whatever a server of type ${who} answers, its check ends in time and says why`, {
    input: scripts(subject),
    runs: 25,
    holds: async (script) => {
      current = { script, subject };
      const check = await loadCheck(subject.type);
      if (!check) throw new Error(`no check of type ${subject.type}`);
      const outcome = await outcomeOf(check, subject.dependency(server.port));
      const said = JSON.stringify(outcome);
      expect(said.length).toBeLessThan(MAX_DETAIL_CHARACTERS);
      expect(said).not.toContain(PASSWORD);
      if ("reason" in outcome) expect(REASONS).toContain(outcome.reason);
      else expect([undefined, false]).toContain(outcome.tls);
    },
  });
}
