import { describe, expect, test } from "@jest/globals";
import { MAX_DEPENDENCIES } from "../../api/limits.ts";
import { statusAnswer } from "../probe-server/answers.ts";
import { createTestPod, database, OK, policy, REFUSED } from "../testing/test-pod.ts";
import type { CheckResult } from "../verdict.ts";
import { countAnswers, peerAnswer } from "./peer-answer.ts";

const OWN = { policy: "web", dependencies: [database()] };
const read = (status: unknown) => {
  const answer = peerAnswer(JSON.stringify(status), OWN);
  return answer && Object.fromEntries(answer);
};
const saying = (dependency: object) => ({
  policy: "web",
  dependencies: [{ name: "db", type: "postgresql", ...dependency }],
});

describe("what a sidecar of this version says", () => {
  const after = (...results: CheckResult[]) => {
    const pod = createTestPod();
    pod.readiness.apply(policy([database()]));
    pod.record(...results);
    return read(JSON.parse(statusAnswer(pod.readiness.view())));
  };

  test.each<[string, CheckResult[], object]>([
    ["nothing yet", [], {}],
    ["up", [OK], { db: false }],
    ["up, but the latest check failed", [OK, REFUSED], { db: true }],
    ["up again after one failure", [OK, REFUSED, OK], { db: false }],
    ["down", [OK, REFUSED, REFUSED], { db: true }],
    ["never up", [REFUSED], { db: true }],
    ["a key that its pod does not mount", [{ ok: false, reason: "NeedsRestart" }], {}],
    ["a Secret that is not there", [{ ok: false, reason: "CredentialsMissing" }], {}],
    [
      "reached, but its login is refused",
      [{ ok: false, reason: "AuthenticationFailed" }],
      { db: false },
    ],
    [
      "reached, but its certificate is refused",
      [{ ok: false, reason: "TLSFailed" }],
      { db: false },
    ],
    ["reached, but full", [{ ok: false, reason: "TooManyConnections" }], { db: false }],
  ])("%s", (_name, results, want) => {
    expect(after(...results)).toStrictEqual(want);
  });
});

test("an older sidecar, which does not say that a check has just failed", () => {
  expect(read(saying({ up: true, gating: false }))).toStrictEqual({ db: false });
  expect(read(saying({ up: false, gating: true, reason: "ConnectTimeout" }))).toStrictEqual({
    db: true,
  });
});

test.each<[string, unknown]>([
  ["another policy", { ...saying({ up: true }), policy: "other" }],
  ["no policy", { ...saying({ up: true }), policy: null }],
  ["no object", "ready"],
  ["a list", []],
  ["no dependencies", { policy: "web" }],
  ["a dependency that is none", { policy: "web", dependencies: [null] }],
  [
    "more dependencies than a policy has",
    { policy: "web", dependencies: new Array(MAX_DEPENDENCIES + 1).fill({ name: "x" }) },
  ],
])("%s is no answer", (_name, status) => {
  expect(read(status)).toBeUndefined();
});

test("what is no JSON is no answer", () => {
  expect(peerAnswer("{", OWN)).toBeUndefined();
});

test.each<[string, object]>([
  ["a name that this pod does not know", { name: "other", up: false, reason: "HostNotFound" }],
  ["another type", { type: "redis", up: false, reason: "HostNotFound" }],
  ["a reason that is none", { up: false, reason: "BadMood" }],
  ["no reason", { up: false }],
  ["a word for up", { up: "false", reason: "HostNotFound" }],
  ["the name of something of every object", { name: "constructor", up: true }],
])("%s says nothing", (_name, dependency) => {
  expect(read(saying(dependency))).toStrictEqual({});
});

test("answers are counted for each dependency by itself", () => {
  const answers = [{ db: true, cache: false }, { db: false }, { db: true }, {}].map(
    (answer) => new Map(Object.entries(answer)),
  );
  expect(
    Object.fromEntries(countAnswers(["db", "cache", "mail"], [undefined, ...answers, undefined])),
  ).toStrictEqual({
    db: { answered: 3, down: 2, silent: 2 },
    cache: { answered: 1, down: 0, silent: 2 },
    mail: { answered: 0, down: 0, silent: 2 },
  });
});
