import { expect, test } from "@jest/globals";
import { CAPABILITIES } from "./mysql-greeting.ts";
import { handshakeResponse, QUIT, queryMessage, tlsRequest } from "./mysql-messages.ts";

const EVERYTHING = Object.values(CAPABILITIES).reduce((sum, flag) => sum | flag, 0);
const NOTHING = 0;

/** Flags, a longest packet of 16 MiB, utf8mb4, 23 bytes that mean nothing. */
const head = (flags: string) => `${flags}000000012d${"00".repeat(23)}`;
const hex = (text: string) => Buffer.from(text).toString("hex");

test("the request for TLS", () => {
  const request = tlsRequest({ capabilities: NOTHING, tls: true, database: false });
  expect(request.toString("hex")).toBe(head("01aa0800"));
});

test("it asks for what the login then asks for", () => {
  const answer = Buffer.from([1, 2]);
  for (const capabilities of [NOTHING, EVERYTHING]) {
    for (const tls of [true, false]) {
      for (const database of ["orders", "", undefined]) {
        const session = { capabilities, tls, database: database !== undefined };
        const login = { user: "app", database, plugin: "p", answer };
        const bytes = handshakeResponse(login, { capabilities, tls });
        expect(bytes.subarray(0, 32)).toEqual(tlsRequest(session));
      }
    }
  }
});

test("a login with everything", () => {
  const login = { user: "app", database: "orders", plugin: "p", answer: Buffer.from([1, 2]) };
  const bytes = handshakeResponse(login, { capabilities: EVERYTHING, tls: false });
  const attributes = `1a0c${hex("program_name")}0c${hex("healthpolicy")}`;
  const fields = `${hex("app\0")}020102${hex("orders\0p\0")}${attributes}`;
  expect(bytes.toString("hex")).toBe(head("09a21800") + fields);
});

test("a login with the least", () => {
  const login = { user: "", plugin: "p", answer: Buffer.alloc(0) };
  const bytes = handshakeResponse(login, { capabilities: NOTHING, tls: false });
  expect(bytes.toString("hex")).toBe(`${head("01a20800")}0000${hex("p\0")}`);
});

test("a query in UTF-8, and the goodbye", () => {
  expect(queryMessage("SELECT 'ä'").toString("hex")).toBe(`03${hex("SELECT 'ä'")}`);
  expect(QUIT).toEqual(Buffer.from([1]));
});
