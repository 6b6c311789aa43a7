import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { createOneAtATime, type OneAtATime } from "./one-at-a-time.ts";

const { signal } = new AbortController();

/** Whoever comes in, by name, and how he leaves. */
function opened(oneAtATime: OneAtATime) {
  const inside: string[] = [];
  const leaves = new Map<string, () => void>();
  return {
    inside,
    come: async (name: string, until = signal) => {
      leaves.set(name, await oneAtATime(until));
      inside.push(name);
    },
    leave: async (name: string) => {
      leaves.get(name)?.();
      await nextTurn();
    },
  };
}

test("one is in at a time, in the order in which they came", async () => {
  const { inside, come, leave } = opened(createOneAtATime());
  const all = ["a", "b", "c"].map((name) => come(name));
  await nextTurn();
  expect(inside).toStrictEqual(["a"]);
  await leave("a");
  const again = come("d");
  await nextTurn();
  expect(inside).toStrictEqual(["a", "b"]);
  await leave("b");
  await leave("c");
  await Promise.all([...all, again]);
  expect(inside).toStrictEqual(["a", "b", "c", "d"]);
});

test("nobody who comes in the moment in which another's turn begins is in beside him", async () => {
  const { inside, come, leave } = opened(createOneAtATime());
  await come("a");
  const waiting = come("b");
  const left = leave("a");
  const late = come("c");
  await left;
  expect(inside).toStrictEqual(["a", "b"]);
  await leave("b");
  await Promise.all([waiting, late]);
  expect(inside).toStrictEqual(["a", "b", "c"]);
});

test("who gives up while he waits loses his place, and nobody else's turn", async () => {
  const { inside, come, leave } = opened(createOneAtATime());
  const giving = new AbortController();
  await come("a");
  const given = come("b", giving.signal);
  const waiting = come("c");
  giving.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  await leave("a");
  await waiting;
  expect(inside).toStrictEqual(["a", "c"]);
});

test("who has given up before takes no turn", async () => {
  const oneAtATime = createOneAtATime();
  await expect(oneAtATime(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  await expect(oneAtATime(signal)).resolves.toBeDefined();
});
