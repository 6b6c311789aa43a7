import { expect, test } from "@jest/globals";
import { ApiError } from "../kube/api-error.ts";
import {
  expectNudged,
  type NudgeResult,
  NudgeUndone,
  resultOf,
  whyNotNudged,
} from "./nudge-result.ts";

const answered = (code: number, field?: string) => {
  const details = { causes: [{ message: "words", field }] };
  const body = JSON.stringify({ reason: "Because", message: "words", details });
  return new ApiError("patching", { code, body });
};

test.each<[string, unknown, NudgeResult, string]>([
  ["no such pod", answered(404), "gone", "the API server answered 404 Because"],
  [
    "another pod of this name",
    answered(422, "metadata.uid"),
    "gone",
    "the API server answered 422 Because",
  ],
  ["others write to it", answered(409), "failed", "the API server answered 409 Because"],
  ["somebody refuses it", answered(403), "refused", "the API server answered 403 Because"],
  [
    "the pod is invalid then",
    answered(422, "spec"),
    "refused",
    "the API server answered 422 Because",
  ],
  ["undone", new NudgeUndone(), "refused", "a webhook took the operator's annotation away again"],
  ["too many calls", answered(429), "failed", "the API server answered 429 Because"],
  ["an error there", answered(500), "failed", "the API server answered 500 Because"],
  ["no answer", new Error("socket hang up"), "failed", "the API server gave no answer"],
])("%s", (_what, error, result, why) => {
  expect([resultOf(error), whyNotNudged(error)]).toStrictEqual([result, why]);
});

test.each<[string, unknown]>([
  ["without it", { metadata: { annotations: { "healthpolicy.dev/policy": "web" } } }],
  ["with another one", { metadata: { annotations: { "healthpolicy.dev/nudge": "41" } } }],
  ["without annotations", { metadata: {} }],
  ["no pod at all", undefined],
])("an answer %s is no nudge", (_what, answer) => {
  expect(() => expectNudged(answer, "42")).toThrow(NudgeUndone);
});

test("an answer with the annotation is one", () => {
  const annotations = { "healthpolicy.dev/nudge": "42" };
  expect(() => expectNudged({ metadata: { annotations } }, "42")).not.toThrow();
});
