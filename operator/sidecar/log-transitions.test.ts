import { beforeEach, expect, test } from "@jest/globals";
import { logTransitions } from "./log-transitions.ts";
import { DRY_RUN, type Verdict } from "./verdict.ts";

const READY: Verdict = { ready: true, reason: undefined, gating: [] };
const DOWN: Verdict = { ready: false, reason: undefined, gating: ["db", "cache"] };

let lines: unknown[][];
let note: ReturnType<typeof logTransitions>;

beforeEach(() => {
  lines = [];
  note = logTransitions((...line) => lines.push(line));
});

test("each transition is one line, with its level and the dependencies that are why", () => {
  for (const verdict of [DOWN, DOWN, READY, READY, DOWN]) note(verdict, undefined);
  const down = ["warn", "pod not ready", { reason: undefined, dependencies: "db,cache" }];
  const ready = ["info", "pod ready", { reason: undefined, dependencies: undefined }];
  expect(lines).toStrictEqual([down, ready, down]);
});

test("in a dry run the transitions that would have been are told beside the one that was", () => {
  for (const enforced of [DOWN, DOWN, READY]) note(DRY_RUN, enforced);
  expect(lines).toStrictEqual([
    ["info", "pod ready", { reason: "DryRun", dependencies: undefined }],
    ["warn", "dry run: pod would not be ready", { reason: undefined, dependencies: "db,cache" }],
    ["info", "dry run: pod would be ready", { reason: undefined, dependencies: undefined }],
  ]);
});

test("one that ends and begins anew tells its first state again", () => {
  note(DRY_RUN, READY);
  note(READY, undefined);
  note(DRY_RUN, READY);
  expect(lines.map(([, message]) => message)).toStrictEqual([
    "pod ready",
    "dry run: pod would be ready",
    "dry run: pod would be ready",
  ]);
});
