import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Clock, type Turns, takeTurns } from "./take-turns.ts";

const ADDRESS = "10.0.0.1";
const of = (bytes: number, address = ADDRESS) => ({ bytes, address, isGone: () => false });

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

/** Addresses each of which has such work done anew as soon as the last is done, until `isOver`. */
function keepBusy(
  { work }: Pick<ReturnType<typeof start>, "work">,
  { addresses, milliseconds }: { addresses: number; milliseconds: number },
  isOver: () => boolean,
): Promise<unknown> {
  const askAgain = async (address: string) => {
    while (!isOver()) await work(address, milliseconds, 3);
  };
  return Promise.all(Array.from({ length: addresses }, (_, number) => askAgain(`busy-${number}`)));
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

test("a crowd of new ones keeps one with little work waiting for some of its turns at most", async () => {
  const { time, order, work } = start();
  await work("api-server", 1);
  const crowd = repeat(100, () => 0).map((_, number) => work(`client-${number}`, 120));
  const waits: number[] = [];
  for (let count = 0; count < 50; count += 1) {
    const since = time.now;
    await work("api-server", 1);
    waits.push(time.now - since);
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  expect(order.length).toBeLessThan(100);
  await Promise.all(crowd);
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

describe.each([
  [15, 120],
  [20, 60],
  [24, 24],
  [28, 5],
  [500, 24],
])("beside %i addresses that have work of %i ms done all the time", (addresses, milliseconds) => {
  let turns: ReturnType<typeof start>;
  let isOver: boolean;
  let busy: Promise<unknown>;
  beforeEach(async () => {
    turns = start();
    isOver = false;
    // The end is for the code that never serves the new one.
    busy = keepBusy(turns, { addresses, milliseconds }, () => isOver || turns.time.now > 60_000);
    while (turns.time.now < 10_000) await new Promise(setImmediate);
  });
  afterEach(async () => {
    isOver = true;
    await busy;
  });

  test("a new one is served within a second, and soon again", async () => {
    for (let count = 0; count < 3; count += 1) await turns.work("new", 1);
    expect(turns.time.now).toBeLessThan(11_000);
  });

  test("of a crowd of new ones that with the least is served soon, and the crowd has a part of the time", async () => {
    const crowd = repeat(100, () => 0).map((_, number) => turns.work(`crowd-${number}`, 120, 2));
    await turns.work("first", 1);
    expect(turns.time.now).toBeLessThan(11_000);
    while (turns.time.now < 15_000) await new Promise(setImmediate);
    await turns.work("second", 1);
    expect(turns.time.now).toBeLessThan(16_500);
    const served = turns.order.filter((address) => address.startsWith("crowd-")).length;
    expect(served).toBeGreaterThan(6);
    expect(served).toBeLessThan(16);
    isOver = true;
    await Promise.all(crowd);
  });
});

test("what nobody waits for any longer is dropped in the next turn, and counts as nothing", async () => {
  const { time, turns, order, work } = start();
  const clients = { areGone: false };
  const isGone = () => clients.areGone;
  const use = () => order.push("gone");
  await work("costly", 30);
  const left = repeat(1_000, () => turns({ bytes: 1, address: "gone", isGone }, use));
  const others = Promise.all([work("costly", 120, 2), work("costly", 120, 2)]);
  clients.areGone = true;
  await Promise.all(left);
  expect([time.now, order]).toStrictEqual([150, ["costly", "costly"]]);
  // As new as any other: had it counted, the one that has used nothing would go first.
  clients.areGone = false;
  await Promise.all([others, work("gone", 1), work("new", 1)]);
  expect(order).toStrictEqual(["costly", "costly", "gone", "new", "costly"]);
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
