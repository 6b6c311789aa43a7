import { expect, test } from "@jest/globals";
import { type Clock, type Turns, takeTurns } from "./take-turns.ts";

const ADDRESS = "10.0.0.1";
const of = (bytes: number, address = ADDRESS) => ({ bytes, address });

/** Turns on a clock that work moves on by itself. */
function start() {
  const time = { now: 0, cpu: 0 };
  const clock: Clock = () => ({ ...time });
  const turns = takeTurns(clock);
  const order: string[] = [];
  /** Work of the address that takes so many milliseconds. */
  const work = (address: string, milliseconds: number, bytes = 1) =>
    turns(of(bytes, address), () => {
      order.push(address);
      time.now += milliseconds;
      time.cpu += milliseconds;
    });
  return { time, turns, order, work };
}

const repeat = <T>(times: number, make: () => T): T[] => Array.from({ length: times }, make);

test("the smallest goes first, each in a turn of its own", async () => {
  const { turns } = start();
  const order: number[] = [];
  let turn = 0;
  const loop = setImmediate(function next() {
    turn++;
    if (turn < 10) setImmediate(next);
  });
  const work = (bytes: number) => turns(of(bytes), () => order.push(bytes, turn));
  await Promise.all([work(30), work(10), work(20)]);
  clearImmediate(loop);
  expect(order).toStrictEqual([10, 1, 20, 2, 30, 3]);
});

test("an address has its turns beside the heap of another one, by what their work takes", async () => {
  const { order, work } = start();
  await Promise.all([
    ...repeat(3, () => work("costly", 100)),
    ...repeat(6, () => work("cheap", 1)),
  ]);
  expect(order.join(" ")).toBe("costly cheap cheap cheap cheap cheap cheap costly costly");
});

test("an address with little work goes before new ones with much, however many these are", async () => {
  const { order, work } = start();
  await work("api-server", 1);
  const crowd = repeat(100, () => 0).map((_, number) => work(`client-${number}`, 120));
  const reviews = repeat(20, () => work("api-server", 1));
  await Promise.all([...crowd, ...reviews]);
  // What it has used as a newcomer counts as well.
  expect(order.slice(0, 30).filter((address) => address === "api-server").length).toBe(21);
});

test("what an address has used is forgotten with time", async () => {
  const { time, order, work } = start();
  await work("costly", 1_000);
  time.now += 10_000;
  await Promise.all([work("new", 1), work("costly", 1)]);
  expect(order).toStrictEqual(["costly", "costly", "new"]);
});

test("addresses that have not been seen for long count as new ones", async () => {
  const { time, order, work } = start();
  await work("first", 0);
  for (let number = 0; number < 1_100; number += 1) await work(`client-${number}`, 0);
  time.now += 10_000;
  order.length = 0;
  await Promise.all([work("first", 0), work("client-1099", 0)]);
  expect(order).toStrictEqual(["client-1099", "first"]);
});

test("work that comes while others have theirs waits for its own", async () => {
  const { turns } = start();
  const order: string[] = [];
  const add = (name: string) => () => order.push(name);
  const first = turns(of(10), add("first")).then(() => turns(of(1), add("small")));
  const large = turns(of(20), add("large"));
  await Promise.all([first, large]);
  expect(order).toStrictEqual(["first", "small", "large"]);
});

test("work that throws is told so, and the next has its turn", async () => {
  const { turns } = start();
  const broken = turns(of(1), () => {
    throw new Error("broken");
  });
  await expect(broken).rejects.toThrow("broken");
  expect(await turns(of(1), () => "done")).toBe("done");
});

test("a later heap has its turns too", async () => {
  const turns: Turns = takeTurns();
  await turns(of(1), () => undefined);
  await new Promise(setImmediate);
  await turns(of(1), () => undefined);
  await new Promise(setImmediate);
  // Nothing goes round while there is no work.
  expect(process.getActiveResourcesInfo()).not.toContain("Immediate");
});
