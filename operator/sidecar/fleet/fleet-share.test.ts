import { describe, expect, test } from "@jest/globals";
import type { MaxUnready } from "../../api/policy-file.ts";
import { TIMING } from "../../api/testing/timing.ts";
import { heldBackMilliseconds, knownToAllMilliseconds } from "../../api/timing.ts";
import { afterQuestion, type FleetCase, isShared, type Share, shareAt } from "./fleet-share.ts";

const HALF: MaxUnready = { percent: 50 };

describe("isShared", () => {
  test.each<
    [string, MaxUnready, number, { answered: number; down: number; silent?: number }, boolean]
  >([
    ["nobody answers", HALF, 9, { answered: 0, down: 0 }, false],
    [
      "nobody answers, though none may be unready",
      { percent: 0 },
      9,
      { answered: 0, down: 0 },
      false,
    ],
    ["it is down here alone", HALF, 9, { answered: 8, down: 0 }, false],
    ["it is down here alone, of two pods", HALF, 2, { answered: 1, down: 0 }, false],
    ["exactly half have it down", HALF, 6, { answered: 5, down: 2 }, false],
    ["one more than half", HALF, 6, { answered: 5, down: 3 }, true],
    ["all have it down", HALF, 3, { answered: 2, down: 2 }, true],
    [
      "a share that is not a whole number of pods",
      { percent: 33 },
      6,
      { answered: 5, down: 1 },
      true,
    ],
    [
      "a share that is a little more than that",
      { percent: 34 },
      6,
      { answered: 5, down: 1 },
      false,
    ],
    [
      "a share of less than one pod, and it is down here alone",
      { percent: 10 },
      100,
      { answered: 8, down: 0 },
      false,
    ],
    [
      "a share of less than one pod, and another has it down",
      { percent: 10 },
      100,
      { answered: 8, down: 1 },
      true,
    ],
    [
      "a few of many may be, and it is down here alone",
      { pods: 5 },
      100,
      { answered: 8, down: 0 },
      false,
    ],
    ["none may be unready", { percent: 0 }, 3, { answered: 2, down: 0 }, true],
    ["99 %, and all but one", { percent: 99 }, 9, { answered: 8, down: 7 }, false],
    ["99 %, and all", { percent: 99 }, 9, { answered: 8, down: 8 }, true],
    ["one may be, and is", { pods: 1 }, 3, { answered: 2, down: 0 }, false],
    ["one may be, and two are", { pods: 1 }, 3, { answered: 2, down: 1 }, true],
    ["20 of 90 may be: 2 of 9 that are known", { pods: 20 }, 90, { answered: 8, down: 1 }, false],
    ["20 of 90 may be: 3 of 9 that are known", { pods: 20 }, 90, { answered: 8, down: 2 }, true],
    ["more may be than there are", { pods: 9 }, 3, { answered: 2, down: 2 }, false],
    ["more answer than there were", { pods: 1 }, 1, { answered: 2, down: 1 }, true],
    ["two of four are silent", HALF, 4, { answered: 1, down: 1, silent: 2 }, false],
    [
      "half are silent, and none may be unready",
      { percent: 0 },
      4,
      { answered: 1, down: 1, silent: 2 },
      false,
    ],
    ["fewer than half are silent", HALF, 5, { answered: 2, down: 2, silent: 2 }, true],
    ["others answer and cannot tell", HALF, 9, { answered: 1, down: 1, silent: 0 }, true],
    ["no pod may be", { pods: 0 }, 3, { answered: 2, down: 0 }, true],
  ])("%s", (_name, maxUnready, pods, count, want) => {
    expect(isShared({ silent: 0, ...count }, { maxUnready, pods })).toBe(want);
  });
});

const ALL_KNOW = knownToAllMilliseconds(TIMING);
const BEGUN: FleetCase = { since: 1_000, share: "Awaited", against: 0, hasFailedSince: true };

/** The shares after these answers, each after a failed check: the first at once, each next one when all must know. */
const sharesAfter = (...answers: boolean[]): Share[] => {
  let known = BEGUN;
  return answers.map((shared, index) => {
    const at = 1_000 + index * ALL_KNOW;
    known = afterQuestion({ ...known, hasFailedSince: true }, shared, { at, timing: TIMING });
    return known.share;
  });
};

describe("afterQuestion", () => {
  test.each<[string, boolean[], Share[]]>([
    ["shared at once", [true], ["Shared"]],
    ["not yet known to the others, then shared", [false, true], ["Awaited", "Shared"]],
    ["not shared when all must know", [false, false], ["Awaited", "Own"]],
    [
      "shared later: three answers in a row",
      [false, false, true, true, true],
      ["Awaited", "Own", "Own", "Own", "Shared"],
    ],
    [
      "its own for long, and a peer's lone failures now and then",
      [false, false, true, true, false, true, true],
      ["Awaited", "Own", "Own", "Own", "Own", "Own", "Own"],
    ],
    [
      "one lost answer",
      [true, false, true, false, true],
      ["Shared", "Shared", "Shared", "Shared", "Shared"],
    ],
    [
      "a peer that flaps at the border, two answers of three",
      [true, false, false, true, false, false, true],
      ["Shared", "Shared", "Shared", "Shared", "Shared", "Shared", "Shared"],
    ],
    [
      "three answers in a row against it",
      [true, false, false, false],
      ["Shared", "Shared", "Shared", "Own"],
    ],
    [
      "and it is shared again",
      [true, false, false, false, true, true, true],
      ["Shared", "Shared", "Shared", "Own", "Own", "Own", "Shared"],
    ],
  ])("%s", (_name, answers, want) => {
    expect(sharesAfter(...answers)).toStrictEqual(want);
  });

  test("answers against it count once for each failed check here", () => {
    const sharing: FleetCase = { ...BEGUN, share: "Shared" };
    const context = { at: 1e6, timing: TIMING };
    const once = afterQuestion(sharing, false, context);
    expect(once.against).toBe(1);
    expect(afterQuestion(once, false, context)).toStrictEqual(once);
    expect(afterQuestion({ ...once, hasFailedSince: true }, false, context).against).toBe(2);
  });

  test("an answer just before all must know decides nothing", () => {
    const at = BEGUN.since + ALL_KNOW - 1;
    expect(afterQuestion(BEGUN, false, { at, timing: TIMING })).toStrictEqual(BEGUN);
  });
});

test("what nobody has answered for gates after a while", () => {
  const end = BEGUN.since + heldBackMilliseconds(TIMING);
  expect(shareAt(BEGUN, end, TIMING)).toBe("Awaited");
  expect(shareAt(BEGUN, end + 1, TIMING)).toBe("Own");
  expect(shareAt({ ...BEGUN, share: "Shared" }, end + 1, TIMING)).toBe("Shared");
});
