import { expect, test } from "@jest/globals";
import { runQueue } from "./run-queue.ts";

/** Work that ends when it is told to, and what was begun, as "item at place". */
function controlled() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (item: string, place: string) => {
    begun.push(`${item} at ${place}`);
    const { promise, resolve } = Promise.withResolvers<string>();
    ends.set(item, () => resolve(`${item} done`));
    return promise;
  };
  const end = async (item: string) => {
    ends.get(item)?.();
    await settled();
  };
  return { begun, work, end };
}

/** Once all that can go on has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("each place takes the next item when it is free, the first time when it opens", async () => {
  const late = Promise.withResolvers<string>();
  const { begun, work, end } = controlled();
  const results = runQueue([late.promise, Promise.resolve("second")], ["a", "b", "c", "d"], work);
  await settled();
  expect(begun).toStrictEqual(["a at second"]);
  await end("a");
  late.resolve("first");
  await settled();
  expect(begun).toStrictEqual(["a at second", "b at second", "c at first"]);
  await end("c");
  expect(begun.at(-1)).toBe("d at first");
  await end("b");
  await end("d");
  expect(await results).toStrictEqual(["a done", "b done", "c done", "d done"]);
  expect(begun).toHaveLength(4);
});

test("a place that stays closed leaves all to the other", async () => {
  const places = [Promise.resolve("first"), Promise.resolve(undefined)];
  const results = await runQueue(places, ["a", "b"], async (item, place) => `${item} at ${place}`);
  expect(results).toStrictEqual(["a at first", "b at first"]);
});

test("with no place open, nothing is done, and every item has no result", async () => {
  const results = await runQueue([Promise.resolve(undefined)], ["a", "b"], async () => "done");
  expect(results).toStrictEqual([undefined, undefined]);
});
