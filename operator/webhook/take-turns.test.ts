import { expect, test } from "@jest/globals";
import { takeTurns } from "./take-turns.ts";

test("the smallest goes first, each in a turn of its own", async () => {
  const turns = takeTurns();
  const order: number[] = [];
  let turn = 0;
  const loop = setImmediate(function next() {
    turn++;
    if (turn < 10) setImmediate(next);
  });
  const work = async (bytes: number) => {
    await turns(bytes);
    order.push(bytes, turn);
  };
  await Promise.all([work(30), work(10), work(20)]);
  clearImmediate(loop);
  expect(order).toStrictEqual([10, 1, 20, 2, 30, 3]);
});

test("work that comes while others have theirs waits for its own", async () => {
  const turns = takeTurns();
  const order: string[] = [];
  const first = turns(10).then(async () => {
    order.push("first");
    await turns(1);
    order.push("small");
  });
  const large = turns(20).then(() => order.push("large"));
  await Promise.all([first, large]);
  expect(order).toStrictEqual(["first", "small", "large"]);
});

test("a later heap has its turns too", async () => {
  const turns = takeTurns();
  await turns(1);
  await new Promise(setImmediate);
  await turns(1);
  await new Promise(setImmediate);
  // Nothing goes round while there is no work.
  expect(process.getActiveResourcesInfo()).not.toContain("Immediate");
});
