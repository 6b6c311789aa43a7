import { expect, test } from "@jest/globals";
import { limitedQuery } from "./postgresql-session.ts";

test.each([
  [3_000, 3_000],
  [0.2, 1],
  // 0 would mean no limit at all.
  [0, 1],
  [-5, 1],
])("%d ms are left: the server is given %d", (left, limit) => {
  expect(limitedQuery("SELECT 1", left)).toBe(`SET LOCAL statement_timeout = ${limit}; SELECT 1`);
});
