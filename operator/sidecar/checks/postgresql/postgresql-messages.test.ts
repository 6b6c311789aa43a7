/** The bytes of messages, as the protocol's documentation gives them. */
import { expect, test } from "@jest/globals";
import {
  md5Password,
  passwordMessage,
  queryMessage,
  saslInitialMessage,
  saslMessage,
  startupMessage,
} from "./postgresql-messages.ts";

const LOGIN = {
  host: "db",
  port: 5_432,
  user: "web",
  password: "pencil",
  database: "orders",
  options: undefined,
  channelBinding: false,
};

/** Type, length and content; the length counts itself and the content. */
function parts(message: Buffer): [string, number, string] {
  return [message.toString("latin1", 0, 1), message.readInt32BE(1), message.toString("latin1", 5)];
}

test.each<[string, () => Buffer, string, string]>([
  ["a query", () => queryMessage("SELECT 1"), "Q", "SELECT 1\0"],
  ["a password", () => passwordMessage("pencil"), "p", "pencil\0"],
  [
    "first words",
    () => saslInitialMessage("SCRAM", "n,,n=,r=x"),
    "p",
    "SCRAM\0\0\0\0\x09n,,n=,r=x",
  ],
  ["further words", () => saslMessage("c=biws"), "p", "c=biws"],
])("%s", (_, message, type, content) => {
  expect(parts(message())).toStrictEqual([type, content.length + 4, content]);
});

test("the startup message: length, version 3.0, names and values, and one more NUL", () => {
  const message = startupMessage(LOGIN);
  expect(message.readInt32BE(0)).toBe(message.length);
  expect(message.readInt32BE(4)).toBe(196_608);
  expect(message.toString("latin1", 8)).toBe(
    "user\0web\0database\0orders\0application_name\0healthpolicy\0client_encoding\0UTF8\0\0",
  );
  expect(startupMessage({ ...LOGIN, options: "-c x=1" }).toString("latin1", 8)).toMatch(
    /UTF8\0options\0-c x=1\0\0$/,
  );
});

test("what stands for an MD5 password", () => {
  expect(md5Password(LOGIN, Buffer.from("salt"))).toMatch(/^md5[0-9a-f]{32}$/);
  expect(md5Password(LOGIN, Buffer.from("pepp"))).not.toBe(md5Password(LOGIN, Buffer.from("salt")));
});
