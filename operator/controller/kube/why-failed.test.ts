import { expect, test } from "@jest/globals";
import { ApiError } from "./api-error.ts";
import { whyFailed } from "./why-failed.ts";

const answered = (code: number, status: object) =>
  new ApiError("patching", { code, body: JSON.stringify(status) });

test.each<[string, unknown, string]>([
  [
    "an answer",
    answered(403, { reason: "Forbidden", message: "secret words" }),
    "the API server answered 403 Forbidden",
  ],
  [
    "a reason that is a text",
    answered(400, { reason: "see: http://" }),
    "the API server answered 400",
  ],
  ["no answer", new Error("socket hang up"), "the API server gave no answer"],
])("%s", (_what, error, expected) => {
  expect(whyFailed(error)).toBe(expected);
});
