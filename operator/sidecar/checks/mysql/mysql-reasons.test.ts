import { expect, test } from "@jest/globals";
import { problemOfNumber, reasonOfNumber } from "./mysql-reasons.ts";

test.each([
  ["TooManyConnections", [1037, 1038, 1040, 1041, 1135, 1203, 1226]],
  ["ConnectionRefused", [1129]],
  [
    "AuthenticationFailed",
    [
      1044, 1045, 1130, 1142, 1143, 1184, 1227, 1251, 1275, 1370, 1524, 1698, 1820, 1862, 3118,
      3955, 4150, 4151,
    ],
  ],
  ["Misconfigured", [1049, 9006]],
  ["TLSFailed", [3159]],
  ["ConnectionClosed", [1053, 1927, 4031]],
  ["ServerStarting", [1047, 3032]],
  ["ProtocolError", [1043]],
  ["CheckTimeout", [1317, 1969, 3024]],
  // A query that is no SQL, a table that is not there, a write in a session that only reads, none at all.
  ["InvalidResponse", [1064, 1146, 1792, 1290, 0, 65_535]],
])("%s: %j", (reason, numbers) => {
  expect(new Set(numbers.map(reasonOfNumber))).toEqual(new Set([reason]));
});

test.each([
  [1049, "the server has no database of the name"],
  [1146, "the query names what the server does not have"],
  [9006, "a ProxySQL does not know what is set"],
])("%d: what has to be mended", (number, said) => {
  expect(problemOfNumber(number)).toContain(said);
});

test("a wrong password needs no more words than its reason", () => {
  expect(problemOfNumber(1045)).toBeUndefined();
});
