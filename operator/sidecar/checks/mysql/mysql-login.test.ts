import { describe, expect, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import { CAPABILITIES, type Greeting } from "./mysql-greeting.ts";
import { type Account, leave, logIn } from "./mysql-login.ts";
import { clearPassword, proof } from "./mysql-password.ts";
import { CHALLENGE, publicKeyOf } from "./testing/fake-mysql.ts";
import { scripted } from "./testing/scripted-conversation.ts";

const ACCOUNT: Account = { user: "app", password: "a password", database: "orders" };
const OTHER_CHALLENGE = Buffer.from("0123456789abcdefghij");
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const PROOF_ACCEPTED = Buffer.from([1, 3]);
const PASSWORD_NEEDED = Buffer.from([1, 4]);
const NOTHING = Buffer.alloc(0);

const greetingOf = (plugin: string): Greeting => ({
  capabilities: CAPABILITIES.connectAttributes,
  challenge: CHALLENGE,
  plugin,
  isMariaDb: false,
});

const switchTo = (plugin: string) =>
  Buffer.concat([
    Buffer.from([254]),
    Buffer.from(`${plugin}\0`),
    OTHER_CHALLENGE,
    Buffer.from([0]),
  ]);

interface Given {
  plugin: string;
  packets: Buffer[];
  tls?: boolean;
  account?: Account;
}

/** Logs in against a server that sends `packets`, and gives what the client sent. */
async function sentTo(
  { plugin, packets, tls = true, account = ACCOUNT }: Given,
  act: typeof logIn = logIn,
) {
  const { conversation, sent, commands, unread } = scripted(packets);
  const outcome = await act(conversation, { greeting: greetingOf(plugin), account, tls }).then(
    () => "logged in",
    reasonOfError,
  );
  const [first = NOTHING, ...others] = sent;
  return { outcome, first: fieldsOf(first), others, commands, unread: unread() };
}

/** What the first packet of a login holds. */
function fieldsOf(body: Buffer) {
  const user = body.toString("latin1", 32, body.indexOf(0, 32));
  const answerStart = 32 + user.length + 2;
  const answer = body.subarray(answerStart, answerStart + (body[answerStart - 1] ?? 0));
  const flags = body.readUInt32LE(0);
  const texts = body.toString("latin1", answerStart + answer.length).split("\0");
  const database = flags & CAPABILITIES.connectWithDatabase ? texts.shift() : undefined;
  const [plugin, attributes] = texts;
  return { flags, user, answer, database, plugin, attributes };
}

const nativeProof = proof("mysql_native_password", ACCOUNT.password, CHALLENGE);
const sha2Proof = proof("caching_sha2_password", ACCOUNT.password, CHALLENGE);

describe("what is sent", () => {
  test("mysql_native_password: the proof at once, with the name of the program", async () => {
    const { outcome, first, others } = await sentTo({
      plugin: "mysql_native_password",
      packets: [OK],
    });
    expect(outcome).toBe("logged in");
    expect(first).toEqual({
      flags: 0x18_aa09,
      user: "app",
      answer: nativeProof,
      database: "orders",
      plugin: "mysql_native_password",
      attributes: "\x1a\x0cprogram_name\x0chealthpolicy",
    });
    expect(others).toEqual([]);
  });

  test("no database, no TLS: neither is asked for", async () => {
    const account = { user: "app", password: "a password" };
    const given = { plugin: "mysql_native_password", packets: [OK], tls: false, account };
    const { first } = await sentTo(given);
    expect(first).toMatchObject({ flags: 0x18_a201, database: undefined });
  });

  test("a way that is not known here: the proof of the oldest, and the server names the right one", async () => {
    const packets = [switchTo("caching_sha2_password"), PROOF_ACCEPTED, OK];
    const { outcome, first, others } = await sentTo({ plugin: "unheard_of", packets });
    expect(outcome).toBe("logged in");
    expect(first).toMatchObject({ plugin: "mysql_native_password", answer: nativeProof });
    expect(others).toEqual([proof("caching_sha2_password", ACCOUNT.password, OTHER_CHALLENGE)]);
  });

  test("caching_sha2_password, known to the server: the proof alone", async () => {
    const packets = [PROOF_ACCEPTED, OK];
    const { outcome, first, others } = await sentTo({ plugin: "caching_sha2_password", packets });
    expect(outcome).toBe("logged in");
    expect(first.answer).toEqual(sha2Proof);
    expect(others).toEqual([]);
  });

  test("caching_sha2_password, not known yet, encrypted: the password", async () => {
    const packets = [PASSWORD_NEEDED, OK];
    const { outcome, others } = await sentTo({ plugin: "caching_sha2_password", packets });
    expect(outcome).toBe("logged in");
    expect(others).toEqual([clearPassword(ACCOUNT.password)]);
  });

  test("caching_sha2_password, not known yet, in clear: the password encrypted with the server's key", async () => {
    const key = Buffer.concat([Buffer.from([1]), publicKeyOf(2_048)]);
    const packets = [PASSWORD_NEEDED, key, OK];
    const given = { plugin: "caching_sha2_password", packets, tls: false };
    const { outcome, others } = await sentTo(given);
    expect(outcome).toBe("logged in");
    expect(others).toEqual([Buffer.from([2]), expect.objectContaining({ length: 256 })]);
    expect(Buffer.concat(others).includes(ACCOUNT.password)).toBe(false);
  });
});

describe("an account with several ways to log in, which MariaDB tries one after the other", () => {
  const native = switchTo("mysql_native_password");
  const ed25519 = switchTo("client_ed25519");
  const caching = switchTo("caching_sha2_password");
  const NO_SIGNATURE = Buffer.alloc(64);
  const otherProof = proof("mysql_native_password", ACCOUNT.password, OTHER_CHALLENGE);
  const otherSha2 = proof("caching_sha2_password", ACCOUNT.password, OTHER_CHALLENGE);
  const clear = clearPassword(ACCOUNT.password);

  test.each<[string, Buffer[], (Buffer | undefined)[]]>([
    ["one that is not known here, then one that is", [ed25519, native], [NO_SIGNATURE, otherProof]],
    ["an old password, then the new one", [native], [otherProof]],
    [
      "four, of which the last one fits",
      [ed25519, native, ed25519, native],
      [NO_SIGNATURE, otherProof, NO_SIGNATURE, otherProof],
    ],
    [
      "caching_sha2_password, which does not fit, then another",
      [caching, PASSWORD_NEEDED, native],
      [otherSha2, clear, otherProof],
    ],
    [
      "one that is not known here, then caching_sha2_password",
      [ed25519, caching, PASSWORD_NEEDED],
      [NO_SIGNATURE, otherSha2, clear],
    ],
  ])("%s: logged in", async (_, packets, answers) => {
    const given = { plugin: "mysql_native_password", packets: [...packets, OK] };
    const { outcome, others } = await sentTo(given);
    expect(outcome).toBe("logged in");
    expect(others).toEqual(answers);
  });

  test("a key that is none, then another way: logged in", async () => {
    const packets = [PASSWORD_NEEDED, Buffer.from([1, 2, 3]), native, OK];
    const given = { plugin: "caching_sha2_password", packets, tls: false };
    const { outcome, others } = await sentTo(given);
    expect(outcome).toBe("logged in");
    expect(others).toEqual([Buffer.from([2]), NOTHING, otherProof]);
  });

  test("more than four: ProtocolError, and the fifth gets no answer", async () => {
    const packets = [native, ed25519, native, ed25519, native, OK];
    const { outcome, others } = await sentTo({ plugin: "mysql_native_password", packets });
    expect(outcome).toBe("ProtocolError");
    expect(others).toHaveLength(4);
  });

  test("one that asks in steps, as PAM does: AuthenticationFailed at the second question", async () => {
    const packets = [switchTo("dialog"), Buffer.from("\x04Password: "), native, OK];
    const { outcome, others } = await sentTo({ plugin: "mysql_native_password", packets });
    expect(outcome).toBe("AuthenticationFailed");
    expect(others).toEqual([NOTHING]);
  });
});

describe("what ends a login", () => {
  test.each<[string, Given, string]>([
    [
      "a way that is not known here",
      { plugin: "mysql_native_password", packets: [switchTo("client_ed25519"), OK] },
      "AuthenticationFailed",
    ],
    [
      "a switch with a challenge that is cut",
      {
        plugin: "mysql_native_password",
        packets: [switchTo("mysql_native_password").subarray(0, 40)],
      },
      "ProtocolError",
    ],
    [
      "a key in place of a key's request",
      {
        plugin: "caching_sha2_password",
        packets: [PASSWORD_NEEDED, Buffer.from([2])],
        tls: false,
      },
      "ProtocolError",
    ],
  ])("%s", async (_, given, reason) => {
    const { outcome, unread } = await sentTo(given);
    expect(outcome).toBe(reason);
    expect(unread).toBe(0);
  });

  test.each([
    ["unheard_of", NOTHING],
    ["client_ed25519", Buffer.alloc(64)],
    ["parsec", Buffer.alloc(1)],
  ])(
    "for a way that is not known here an answer is sent all the same: %s",
    async (plugin, answer) => {
      const packets = [switchTo(plugin), OK];
      const { others } = await sentTo({ plugin: "mysql_native_password", packets });
      expect(others).toEqual([answer]);
    },
  );
});

test("a key that is none gets an answer that says nothing", async () => {
  const packets = [PASSWORD_NEEDED, Buffer.from([1, 2, 3]), OK];
  const given = { plugin: "caching_sha2_password", packets, tls: false };
  const { outcome, others } = await sentTo(given);
  expect(outcome).toBe("AuthenticationFailed");
  expect(others).toEqual([Buffer.from([2]), NOTHING]);
});

describe("leaving", () => {
  test("as nobody, without a proof, and with a goodbye where even nobody is let in", async () => {
    const given = { plugin: "caching_sha2_password", packets: [OK] };
    const { outcome, first, commands } = await sentTo(given, leave);
    expect(outcome).toBe("logged in");
    expect(first).toMatchObject({ user: "", answer: NOTHING, database: "" });
    expect(commands).toEqual([Buffer.from([1])]);
  });

  test("without a database where none was to be chosen", async () => {
    const account = { user: "app", password: "a password" };
    const given = { plugin: "mysql_native_password", packets: [OK], account };
    expect((await sentTo(given, leave)).first).toMatchObject({ user: "", database: undefined });
  });

  test("whatever the server says, it does not fail", async () => {
    for (const packets of [[], [PASSWORD_NEEDED], [Buffer.from([9])]]) {
      const given = { plugin: "mysql_native_password", packets };
      expect((await sentTo(given, leave)).outcome).toBe("logged in");
    }
  });

  test("not even asked for the password does nobody send one", async () => {
    const given = { plugin: "caching_sha2_password", packets: [PASSWORD_NEEDED, OK] };
    const { others } = await sentTo(given, leave);
    expect(others).toEqual([Buffer.from([0])]);
  });
});
