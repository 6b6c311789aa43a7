import { afterEach, expect, jest, test } from "@jest/globals";
import { podOf } from "../pods/testing/pod-of.ts";
import { findOwners } from "./find-owners.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

/** How many owners were found at each turn of others, where each takes so many `milliseconds`. */
async function turnsBetween(milliseconds: number): Promise<number[]> {
  let now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now);
  const pods = Array.from({ length: 12 }, (_, index) => podOf({ labels: { pod: `web-${index}` } }));
  const asked = new Set<unknown>();
  const askedAtTurns: number[] = [];
  const owner = (labels: object) => {
    now += milliseconds;
    asked.add(labels);
    return undefined;
  };
  let next: NodeJS.Immediate;
  const turn = () => {
    askedAtTurns.push(asked.size);
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  await findOwners({ owner }, pods);
  clearImmediate(next);
  expect(asked.size).toBe(pods.length);
  return askedAtTurns;
}

test("others have a turn every 10 ms", async () => {
  expect(await turnsBetween(3)).toStrictEqual([4, 8, 12]);
});

test("and none is waited for where it takes no time", async () => {
  expect(await turnsBetween(0)).toStrictEqual([]);
});
