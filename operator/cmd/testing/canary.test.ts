import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { CANARY, CANARY_IN_URL, CANARY_USER, tracesOfCanary } from "./canary.ts";

const bytes = Buffer.from(CANARY);
const basic = (user: string) => Buffer.from(`${user}:${CANARY}`);

test.each([
  ["as it is", `password ${CANARY} is wrong`],
  ["in a URL", `postgresql://shop:${CANARY_IN_URL}@orders-db/orders`],
  ["in JSON", JSON.stringify({ msg: `password ${CANARY} is wrong` })],
  ["in JSON within JSON", JSON.stringify(JSON.stringify({ password: CANARY }))],
  ["in capitals", CANARY.toUpperCase()],
  ["its first half", CANARY.slice(0, CANARY.length / 2)],
  ["its second half", CANARY.slice(CANARY.length / 2)],
  ["in hexadecimal", bytes.toString("hex")],
  ["in hexadecimal capitals", bytes.toString("hex").toUpperCase()],
  ["in percent escapes", bytes.toString("hex").replaceAll(/../g, "%$&")],
  ["as Node prints a Buffer", inspect(bytes)],
  ["as JSON has a Buffer", JSON.stringify(bytes)],
  ["in UTF-16", Buffer.from(CANARY, "utf16le").toString("latin1")],
  ["in base64", bytes.toString("base64")],
  ["in base64 one byte on", basic("").toString("base64")],
  ["in base64 two bytes on", basic("a").toString("base64")],
  ["in base64 for URLs", basic("ab").toString("base64url")],
  ["hashed by PostgreSQL", createHash("md5").update(`${CANARY}${CANARY_USER}`).digest("hex")],
])("the password is known %s", (_, text) => {
  expect(tracesOfCanary(`before ${text} after`)).not.toEqual([]);
});

test.each(["", "orders-db: AuthenticationFailed", "canary", "xk7 warbler"])(
  "and not where it is not: %s",
  (text) => {
    expect(tracesOfCanary(text)).toEqual([]);
  },
);
