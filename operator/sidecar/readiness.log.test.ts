/** What readiness logs and marks, and that it does neither without need. */
import { beforeEach, expect, test } from "@jest/globals";
import type { Impact } from "../api/policy-file.ts";
import type { Reason } from "../api/reasons.ts";
import type { Marks } from "./marks.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import { database, newMarks, OK, policy, REFUSED, WRONG_PASSWORD } from "./testing/test-pod.ts";
import type { CheckResult } from "./verdict.ts";

let clock: number;
let lines: [message: string, fields: object | undefined][];
let updates: number;
let readiness: Readiness;

function start(): Readiness {
  let marks: Marks = newMarks(clock);
  return createReadiness({
    marks: {
      current: () => marks,
      update: (change) => {
        marks = { ...marks, ...change };
        updates += 1;
      },
    },
    supportedTypes: ["postgresql"],
    log: (_, message, fields) => lines.push([message, fields]),
    now: () => ({ monotonic: clock, wall: clock }),
  });
}

beforeEach(() => {
  clock = 1_000_000;
  lines = [];
  updates = 0;
  readiness = start();
});

const DB = { dependency: "db", type: "postgresql", impact: "Gate" };

test("each line has what happened to what, and why", () => {
  readiness.apply(policy([database()]));
  readiness.record("db", { ok: false, reason: "TooFewServers", detail: "servers[0]" }, 12.4);
  clock += 1_000;
  readiness.record("db", OK, 3);
  clock += 60_000;
  readiness.refresh();
  expect(lines).toStrictEqual([
    ["policy in force", { policy: "web", generation: 1 }],
    ["pod not ready", { reason: "Starting", dependencies: "db" }],
    ["dependency down", { ...DB, reason: "TooFewServers", detail: "servers[0]", milliseconds: 12 }],
    ["dependency up", { ...DB, reason: undefined, detail: undefined, milliseconds: 3 }],
    ["pod ready", { reason: undefined, dependencies: undefined }],
    [
      "dependency down",
      { ...DB, reason: "CheckTimeout", detail: undefined, milliseconds: undefined },
    ],
    ["pod not ready", { reason: undefined, dependencies: "db" }],
  ]);
});

test.each<[text: string, impact: Impact, reason: Reason]>([
  ["it is only observed", "Observe", "ConnectionRefused"],
  ["it has been needed at the start", "Startup", "ConnectionRefused"],
  ["a pod that has been ready survives the reason", "Gate", "AuthenticationFailed"],
  ["only a new pod can ask it", "Gate", "NeedsRestart"],
])("a dependency that goes and takes no pod out has its lines too: %s", (_, impact, reason) => {
  readiness.apply(policy([database("db", { impact })]));
  readiness.record("db", OK, 3);
  const known = lines.length;
  const down: CheckResult = { ok: false, reason };
  for (const result of [down, down, down, OK]) {
    clock += 1_000;
    readiness.record("db", result, 3);
  }
  expect(lines.slice(known)).toMatchObject([
    ["dependency down", { ...DB, impact, reason }],
    ["dependency up", { ...DB, impact, reason: undefined }],
  ]);
});

test("one that is only observed is said to be down once, whichever reasons follow", () => {
  readiness.apply(policy([database("db", { impact: "Observe" })]));
  for (const result of [WRONG_PASSWORD, WRONG_PASSWORD, REFUSED, REFUSED, WRONG_PASSWORD]) {
    clock += 1_000;
    readiness.record("db", result, 3);
  }
  expect(lines.filter(([message]) => message === "dependency down")).toMatchObject([
    [expect.anything(), { ...DB, impact: "Observe", reason: "AuthenticationFailed" }],
  ]);
});

test("that the policy is gone is said once, and not of one that never was", () => {
  const removals = () => lines.filter(([message]) => message === "policy removed").length;
  readiness.apply(undefined);
  expect(removals()).toBe(0);
  readiness.apply(policy([database()]));
  readiness.apply(undefined);
  readiness.apply(undefined);
  expect(removals()).toBe(1);
});

test("a policy that comes again as it was marks nothing, and makes no result younger", () => {
  readiness.apply(policy([database()]));
  readiness.record("db", OK, 3);
  const before = updates;
  clock += 6_000;
  readiness.apply(policy([database()]));
  expect(updates).toBe(before);
  expect(readiness.view().verdict.ready).toBe(true);
  clock += 200;
  expect(readiness.view().verdict.ready).toBe(false);
});

test("a policy file that cannot be read is taken in at once, and marked once", () => {
  readiness.applyUnsupported(2);
  expect(lines).toStrictEqual([["pod ready", { reason: "Unsupported", dependencies: undefined }]]);
  const before = updates;
  readiness.applyUnsupported(2);
  expect(updates).toBe(before);
});
