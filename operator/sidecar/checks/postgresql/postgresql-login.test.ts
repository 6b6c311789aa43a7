import { createHmac, hash, pbkdf2Sync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Conversation } from "./postgresql-conversation.ts";
import type { Frame } from "./postgresql-frames.ts";
import { logIn } from "./postgresql-login.ts";
import type { Login } from "./postgresql-target.ts";
import { scramKeys } from "./scram.ts";

const LOGIN: Login = {
  host: "db",
  port: 5432,
  user: "u",
  password: "p",
  database: "orders",
  options: undefined,
  channelBinding: false,
};
const SALT = Buffer.from("a salt");
const ROUNDS = 4096;

type Reply = Frame | ((sent: readonly string[]) => Frame);

const authentication = (code: number, text: string | Buffer = ""): Frame => {
  const number = Buffer.alloc(4);
  number.writeInt32BE(code);
  return { type: "R", body: Buffer.concat([number, Buffer.from(text as string)]) };
};
const OK = authentication(0);
const READY: Frame = { type: "Z", body: Buffer.from("I") };
const SASL = authentication(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");

/** What the client said last, from its text on. */
const last = (sent: readonly string[]) => sent.at(-1) ?? "";
const nonceOf = (sent: readonly string[]) => /,r=([^,]*)$/.exec(last(sent))?.[1] ?? "";
const challenge: Reply = (sent) =>
  authentication(11, `r=${nonceOf(sent)}SERVER,s=${SALT.toString("base64")},i=${ROUNDS}`);

/** The proof of a server that holds `password`. */
const proofOf =
  (password: string): Reply =>
  (sent) => {
    const nonce = nonceOf(sent.slice(0, -1));
    const withoutProof = last(sent)
      .replace(/,p=.*$/, "")
      .replace(/^.*c=/s, "c=");
    const everything = `n=*,r=${nonce},r=${nonce}SERVER,s=${SALT.toString("base64")},i=${ROUNDS},${withoutProof}`;
    const { serverKey } = scramKeys(pbkdf2Sync(password, SALT, ROUNDS, 32, "sha256"));
    const signature = createHmac("sha256", serverKey).update(everything).digest("base64");
    return authentication(12, `v=${signature}`);
  };

/** Logs in to a server that says `replies`, one after the other; what came of it and of the derivations. */
async function attempt(replies: Reply[], login: Partial<Login> = {}) {
  const sent: string[] = [];
  const left = [...replies];
  let derived = 0;
  const conversation: Conversation = {
    send: (message) => sent.push(message.toString("latin1")),
    end: async () => {},
    async next() {
      const reply = left.shift();
      if (!reply) throw new Error("the client waits for more");
      return typeof reply === "function" ? reply(sent) : reply;
    },
  };
  const outcome = await logIn(conversation, {
    login: { ...LOGIN, ...login },
    signal: new AbortController().signal,
    async deriveKeys({ password, salt, rounds }) {
      derived += 1;
      return scramKeys(pbkdf2Sync(password, salt, rounds, 32, "sha256"));
    },
  }).then(
    () => "logged in",
    ({ message }) => message as string,
  );
  return { outcome, derived, sent };
}

describe("a login that succeeds", () => {
  test.each<[string, Reply[], number]>([
    ["without a password", [OK], 0],
    ["with the password in clear", [authentication(3), OK], 0],
    ["by MD5", [authentication(5, "salt"), OK], 0],
    ["by SCRAM", [SASL, challenge, proofOf("p"), OK], 1],
  ])("%s", async (_, replies, derivations) => {
    const parameters: Frame[] = ["S", "S", "K"].map((type) => ({ type, body: Buffer.alloc(0) }));
    const { outcome, derived } = await attempt([...replies, ...parameters, READY]);
    expect({ outcome, derived }).toEqual({ outcome: "logged in", derived: derivations });
  });

  test("says who logs in where, and sends what stands for the password", async () => {
    const { sent } = await attempt([authentication(5, "salt"), OK, READY], { options: "-c a=b" });
    expect(sent[0]?.slice(8)).toBe(
      "user\0u\0database\0orders\0application_name\0healthpolicy\0client_encoding\0UTF8\0options\0-c a=b\0\0",
    );
    expect(sent[1]?.slice(5)).toBe(`md5${hash("md5", `${hash("md5", "pu")}salt`)}\0`);
  });
});

describe("SCRAM out of order: ProtocolError, and no key is derived more than once", () => {
  test.each<[string, Reply[], number]>([
    ["a challenge that nothing asked for", [challenge], 0],
    ["a proof that nothing asked for", [authentication(12)], 0],
    ["the list of methods twice", [SASL, SASL], 0],
    ["a proof before the challenge", [SASL, authentication(12)], 0],
    ["in without a challenge", [SASL, OK], 0],
    ["a flood of challenges", [SASL, ...Array(1_000).fill(challenge)], 1],
    ["in without a proof", [SASL, challenge, OK], 1],
    ["the list of methods after the challenge", [SASL, challenge, SASL], 1],
    ["a proof twice", [SASL, challenge, proofOf("p"), authentication(12)], 1],
    ["a challenge after the login", [SASL, challenge, proofOf("p"), OK, challenge], 1],
    ["another password after the first", [authentication(3), authentication(3)], 0],
    ["in twice", [OK, OK], 0],
    ["a salt of MD5 with three bytes", [authentication(5, "sal")], 0],
    ["an authentication without a code", [{ type: "R", body: Buffer.alloc(3) }], 0],
    ["a row instead of an answer", [{ type: "D", body: Buffer.alloc(2) }], 0],
    ["a row before the server is ready", [OK, { type: "D", body: Buffer.alloc(2) }], 0],
  ])("%s", async (_, replies, derivations) => {
    const { outcome, derived } = await attempt(replies);
    expect({ outcome, derived }).toEqual({ outcome: "ProtocolError", derived: derivations });
  });
});

describe("AuthenticationFailed", () => {
  test.each<[string, Reply[], Partial<Login>]>([
    ["a method that is not known", [authentication(7)], {}],
    ["no mechanism that is known", [authentication(10, "OAUTHBEARER\0\0")], {}],
    ["no password", [SASL], { password: "" }],
    ["a server that does not know the password", [SASL, challenge, proofOf("other")], {}],
    [
      "more rounds than are computed here",
      [SASL, (sent) => authentication(11, `r=${nonceOf(sent)}S,s=c2FsdA==,i=2147483647`)],
      {},
    ],
  ])("%s", async (_, replies, login) => {
    const { outcome, derived } = await attempt(replies, login);
    expect(outcome).toBe("AuthenticationFailed");
    expect(derived).toBeLessThanOrEqual(1);
  });

  test.each<[string, Reply]>([
    ["nothing", OK],
    ["a password in clear", authentication(3)],
    ["MD5", authentication(5, "salt")],
    ["SCRAM, but there is no TLS", SASL],
  ])("channel binding is required and the server asks for %s", async (_, reply) => {
    const { outcome, sent } = await attempt([reply, OK, READY], { channelBinding: true });
    expect(outcome).toBe("AuthenticationFailed");
    // Nothing of the password has left.
    expect(sent).toHaveLength(1);
  });
});
