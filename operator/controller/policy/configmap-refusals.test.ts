import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { ApiError } from "../kube/api-error.ts";
import { type ConfigMapRefusals, createConfigMapRefusals } from "./configmap-refusals.ts";

const answer = (code: number) =>
  new ApiError("writing", { code, body: JSON.stringify({ reason: "Other" }) });

let refusals: ConfigMapRefusals;
let now: number;
beforeEach(() => {
  refusals = createConfigMapRefusals();
  now = 5_000;
  jest.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** The message that is told after so many seconds; undefined: none, the error is thrown. */
function toldAt(seconds: number, error: unknown, policy = testPolicy()): string | undefined {
  now = 5_000 + seconds * 1_000;
  try {
    return refusals.refused(error, policy, true).message;
  } catch (thrown) {
    expect(thrown).toBe(error);
    return undefined;
  }
}

const said = (what: string) =>
  `The API server refuses ConfigMap healthpolicy-policy-web with ${what}.`;

test.each([400, 403, 413, 422])("%d is told at once", (code) => {
  expect(toldAt(0, answer(code))).toBe(said(`${code} Other`));
});

test.each([302, 401, 404, 408, 409, 429, 500, 503, 504])(
  "%d is told once nothing has been stored for a minute",
  (code) => {
    expect(toldAt(0, answer(code))).toBeUndefined();
    expect(toldAt(59, answer(code))).toBeUndefined();
    expect(toldAt(61, answer(code))).toBe(said(`${code} Other`));
    expect(toldAt(120, answer(code))).toBe(said(`${code} Other`));
  },
);

test("one that changes on the way is as old as the first", () => {
  expect(toldAt(0, answer(409))).toBeUndefined();
  expect(toldAt(61, answer(500))).toBe(said("500 Other"));
});

test("the minute begins anew once a write was stored, and where there was no answer", () => {
  expect(toldAt(0, answer(500))).toBeUndefined();
  refusals.forget("shop/web");
  expect(toldAt(61, answer(500))).toBeUndefined();
  expect(toldAt(130, new Error("connect ECONNREFUSED"))).toBeUndefined();
  expect(toldAt(140, answer(500))).toBeUndefined();
  expect(toldAt(201, answer(500))).toBe(said("500 Other"));
});

test("the minute begins anew after a time in which there was nothing to write", () => {
  expect(toldAt(0, answer(409))).toBeUndefined();
  expect(toldAt(10_800, answer(500))).toBeUndefined();
  expect(toldAt(10_861, answer(500))).toBe(said("500 Other"));
});

test("each policy has a minute of its own", () => {
  expect(toldAt(0, answer(500))).toBeUndefined();
  expect(toldAt(61, answer(500), testPolicy({ name: "other" }))).toBeUndefined();
});
