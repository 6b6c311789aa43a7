import { generateKeyPairSync } from "node:crypto";
import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { MysqlConfig, TlsConfig } from "../../../api/policy-file.ts";
import { describeContract, eventually, PATIENT, runCheck, SHORT } from "../testing/contract.ts";
import { CREDENTIALS, VERIFY } from "../testing/database-secrets.ts";
import { startFakeServer, writeForEver } from "../testing/fake-server.ts";
import { createMysql, mysql } from "./mysql.ts";
import {
  column,
  converse,
  end,
  error,
  greeting,
  LOGGED_IN,
  moreData,
  ok,
  packet,
  publicKeyOf,
  RESULT_HEAD,
  row,
  serveMysql,
  switchTo,
  TLS_GREETING,
} from "./testing/fake-mysql.ts";
import { dependency, readSecretKey, run, SECRETS } from "./testing/mysql-subject.ts";

describeContract({
  create: createMysql,
  dependency: (endpoint) => dependency({ ...endpoint, tls: { mode: "Disable" } }),
  readSecretKey,
  serverSpeaksFirst: true,
  serve: serveMysql,
  answer: greeting(),
  repeatable: greeting(),
  failure: (reason) => ({ reason }),
});

async function against(
  onConnection: (socket: Socket) => void,
  config: Partial<MysqlConfig> = {},
  checkTimeout?: number,
) {
  const fake = await startFakeServer(onConnection);
  try {
    const outcome = await run({ port: fake.port, ...config }, checkTimeout);
    expect(await eventually(fake.sawClose)).toBe(true);
    return outcome;
  } finally {
    await fake.close();
  }
}

describe("fake servers", () => {
  test("Prefer goes on in clear on the same connection", async () => {
    expect(await against(serveMysql)).toEqual({ success: { tls: false } });
  });

  test.each([
    [1040, "TooManyConnections"],
    [1203, "TooManyConnections"],
    [1226, "TooManyConnections"],
    [1135, "TooManyConnections"],
    [1129, "ConnectionRefused"],
    [1130, "AuthenticationFailed"],
    [1047, "ServerStarting"],
    [1053, "ConnectionClosed"],
    [3032, "ServerStarting"],
    [3159, "TLSFailed"],
    [4151, "AuthenticationFailed"],
    [65_535, "InvalidResponse"],
  ])(
    "the server greets with error %d, or refuses the login with it: %s",
    async (number, reason) => {
      expect(await against(converse(error(0, number)))).toEqual({ reason });
      expect(await against(converse(greeting(), error(2, number)))).toEqual({ reason });
    },
  );

  test("the server shuts down after the login, and its error is out of turn: ConnectionClosed", async () => {
    const serve = converse(greeting(), ok(2), error(0, 1053));
    expect(await against(serve)).toEqual({ reason: "ConnectionClosed" });
  });

  test.each<[string, Buffer]>([
    ["an HTTP error", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["the banner of SSH", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
    ["an empty packet", packet(0)],
    ["a greeting out of turn", packet(1, greeting().subarray(4))],
    ["a greeting that is cut", packet(0, greeting().subarray(4, 54))],
    ["a greeting without an end of its version", packet(0, [10], "x".repeat(80))],
    ["a greeting of another protocol", packet(0, [9], greeting().subarray(5))],
    ["a greeting without what a login needs", greeting({ capabilities: 1 << 9 })],
    ["more than a greeting", Buffer.concat([greeting(), ok(2)])],
    ["an error without a number", packet(0, [255])],
  ])("the server greets with %s: ProtocolError", async (_, bytes) => {
    expect(await against(converse(bytes))).toEqual({ reason: "ProtocolError" });
  });

  const sha2 = greeting({ plugin: "caching_sha2_password" });

  test.each<[string, Buffer[]]>([
    ["an answer out of turn", [greeting(), ok(3)]],
    ["an empty answer", [greeting(), packet(2)]],
    ["a switch to where it stands, five times", [greeting(), ...[2, 4, 6, 8, 10].map(native)]],
    ["a switch with a challenge that is cut", [greeting(), switchTo("mysql_native_password", "x")]],
    ["a step of a way to log in that has none", [greeting(), moreData(2, [3])]],
    ["a step that is none", [sha2, moreData(2, [5])]],
    ["a step with more behind it", [sha2, moreData(2, [3, 0])]],
    ["the proof accepted, twice", [sha2, cat(moreData(2, [3]), moreData(3, [3]))]],
    ["a result before any query", [greeting(), ONE_COLUMN(2)]],
    ["LOAD DATA LOCAL for a setting", [greeting(), ok(2), packet(1, [251], "/etc/passwd")]],
    ["LOAD DATA LOCAL for a query", [greeting(), ...LOGGED_IN, packet(1, [251], "/etc/passwd")]],
    ["no columns", [greeting(), ...LOGGED_IN, packet(1, [252, 0, 0])]],
    ["more columns than there can be", [greeting(), ...LOGGED_IN, packet(1, [252, 1, 16])]],
    ["a row in place of a column", [greeting(), ...LOGGED_IN, cat(ONE_COLUMN(1), end(2))]],
    ["a column too many", [greeting(), ...LOGGED_IN, cat(ONE_COLUMN(1), column(2), column(3))]],
    ["an answer in a frame of gigabytes", [greeting(), Buffer.from([255, 255, 255, 2])]],
  ])("the server sends %s: ProtocolError", async (_, [first = Buffer.alloc(0), ...answers]) => {
    expect(await against(converse(first, ...answers))).toEqual({ reason: "ProtocolError" });
  });

  test.each<[string, Buffer[], Buffer]>([
    ["rows", [...LOGGED_IN, RESULT_HEAD], row(4)],
    ["columns", [...LOGGED_IN, packet(1, [252, 0, 16])], column(2)],
    ["switches to another way to log in", [], native(2)],
    ["steps of a login", [native(2)], moreData(4, [4])],
    ["zeros", [ok(2)], Buffer.alloc(1_024)],
  ])("%s without end: not believed", async (_, answers, bytes) => {
    const left = [...answers];
    const outcome = await against((socket) => {
      socket.write(greeting());
      socket.on("data", () => {
        const answer = left.shift();
        if (answer) socket.write(answer);
        if (left.length === 0) writeForEver(socket, bytes);
      });
    });
    expect(outcome).toEqual({ reason: "ProtocolError" });
  });

  test("rows without end in their right order: cut at the limit of bytes", async () => {
    const rows = Buffer.concat(Array.from({ length: 256 }, (_, index) => row((index + 4) % 256)));
    const outcome = await against((socket) => {
      converse(greeting(), ...LOGGED_IN, RESULT_HEAD)(socket);
      let pieces = 0;
      socket.on("data", () => {
        pieces += 1;
        if (pieces === 4) setTimeout(() => writeForEver(socket, rows), 50);
      });
    });
    expect(outcome).toEqual({ reason: "ProtocolError" });
  });

  test.each([
    ["closes", "end"],
    ["resets", "resetAndDestroy"],
  ] as const)("in the middle of an answer the server %s: ConnectionClosed", async (_, method) => {
    const outcome = await against((socket) => {
      converse(greeting(), ...LOGGED_IN, RESULT_HEAD.subarray(0, 20))(socket);
      let pieces = 0;
      socket.on("data", () => {
        pieces += 1;
        if (pieces === 4) socket[method]();
      });
    });
    expect(outcome).toEqual({ reason: "ConnectionClosed" });
  });

  test.each([
    ["client_ed25519"],
    ["mysql_clear_password"],
    ["mysql_old_password"],
    ["constructor"],
    [""],
  ])(
    "the account has the way to log in %j: AuthenticationFailed, whatever follows",
    async (plugin) => {
      for (const answer of [error(4, 1045), ok(4), moreData(4, [0])]) {
        const outcome = await against(converse(greeting(), switchTo(plugin), answer));
        expect(outcome).toEqual({ reason: "AuthenticationFailed" });
      }
    },
  );

  test.each<[string, Buffer]>([
    ["no key", Buffer.from("no key")],
    ["a key of another kind", otherKey()],
    ["a key that takes long", publicKeyOf(8_192)],
    ["a key that others can break", publicKeyOf(1_024)],
  ])("for the password itself the server sends %s: it gets nothing", async (_, key) => {
    const sent: Buffer[] = [];
    const outcome = await against((socket) => {
      socket.on("data", (chunk) => sent.push(chunk));
      converse(sha2, moreData(2, [4]), moreData(4, key), error(6, 1045))(socket);
    });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
    expect(sent[2]).toEqual(packet(5));
  });

  test.each<TlsConfig>([{ mode: "Require" }, VERIFY])(
    "no TLS for $mode: TLSFailed, and neither name nor password is sent",
    async (tls) => {
      let received = Buffer.alloc(0);
      const outcome = await against(
        (socket) => {
          socket.on("data", (chunk) => {
            received = Buffer.concat([received, chunk]);
          });
          converse(greeting(), error(2, 1045))(socket);
        },
        { tls },
      );
      expect(outcome).toEqual({ reason: "TLSFailed" });
      // A whole login, so that the server does not count this host as one that hangs up.
      expect(received[3]).toBe(1);
      expect(received.length).toBe(4 + received.readUIntLE(0, 3));
      expect(received.toString("latin1")).not.toContain("app");
    },
  );

  test.each<[string, string, Buffer, number]>([
    ["silence", "CheckTimeout", Buffer.alloc(0), SHORT],
    ["no TLS", "ProtocolError", ok(2), PATIENT],
  ])("the request for TLS is answered by %s: %s", async (_, reason, answer, checkTimeout) => {
    const outcome = await against(converse(TLS_GREETING, answer), {}, checkTimeout);
    expect(outcome).toEqual({ reason });
  });

  test("a server without the limit of time is asked all the same", async () => {
    const serve = converse(
      greeting(),
      ok(2),
      ok(1),
      error(1, 1193),
      cat(RESULT_HEAD, row(4), end(5)),
    );
    expect(await against(serve)).toEqual({ success: { tls: false } });
  });

  test.each([
    ["the setting to read only", [ok(2), error(1, 1193)]],
    ["the limit of time", [ok(2), ok(1), error(1, 1064)]],
  ])("a server that refuses %s is not asked", async (_, answers) => {
    const outcome = await against(converse(greeting(), ...answers));
    expect(outcome).toEqual({ reason: "InvalidResponse" });
  });
});

describe("configuration", () => {
  SECRETS["db/line_break_url"] = "mysql://app:p%0a@127.0.0.1:1/orders";

  test.each<[string, Partial<MysqlConfig>, string]>([
    [
      "a CA that is no certificate",
      { tls: { ...VERIFY, caSecret: { secretName: "db", key: "wrong" } } },
      "Misconfigured",
    ],
    [
      "a user without a name",
      { credentials: { ...CREDENTIALS, usernameKey: "empty" } },
      "Misconfigured",
    ],
    [
      "a Secret key that is missing",
      { credentials: { ...CREDENTIALS, usernameKey: "none" } },
      "CredentialsMissing",
    ],
    ["a query with a NUL", { query: "SELECT 1\0" }, "Misconfigured"],
    ["a database with a NUL", { database: "a\0b" }, "Misconfigured"],
    [
      "a line break at the end of a connection string's password",
      { connectionString: { secretName: "db", key: "line_break_url" } },
      "Misconfigured",
    ],
    ["a metadata address", { host: "169.254.169.254" }, "Misconfigured"],
    ["a port out of range", { port: 0 }, "Misconfigured"],
  ])("%s", async (_, config, reason) => {
    expect(await run({ port: 1, ...config })).toEqual({ reason });
  });

  test("a Secret that cannot be read in time: CheckTimeout", async () => {
    const never = () => new Promise<string>(() => {});
    const outcome = runCheck(mysql, dependency({}), { readSecretKey: never, checkTimeout: SHORT });
    expect(await outcome).toEqual({ reason: "CheckTimeout" });
  });
});

function native(sequence: number): Buffer {
  return switchTo("mysql_native_password", undefined, sequence);
}

function cat(...parts: Buffer[]): Buffer {
  return Buffer.concat(parts);
}

function ONE_COLUMN(sequence: number): Buffer {
  return packet(sequence, [1]);
}

function otherKey(): Buffer {
  const { publicKey } = generateKeyPairSync("ed25519");
  return Buffer.from(publicKey.export({ type: "spki", format: "pem" }));
}
