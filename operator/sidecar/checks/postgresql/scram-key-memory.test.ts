import { pbkdf2Sync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { type ScramKeys, scramKeys } from "./scram.ts";
import {
  createDeriver,
  createKeyMemory,
  type DeriveKeys,
  type KeySource,
} from "./scram-key-memory.ts";

const SOURCE: KeySource = { password: "p\u00A0w", salt: Buffer.from("salt"), rounds: 4096 };
/** Everything that can go on has gone on. */
const turn = () => sleep(1);
const NEVER = new AbortController().signal;

test("derives what PBKDF2 says, of the prepared password", async () => {
  const salted = pbkdf2Sync("p w", SOURCE.salt, SOURCE.rounds, 32, "sha256");
  expect(await createDeriver()(SOURCE, NEVER)).toEqual(scramKeys(salted));
});

test("derives one at a time, and nothing for those who no longer wait", async () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const derive = createDeriver(({ rounds }) => {
    begun.push(rounds);
    const { promise, resolve } = Promise.withResolvers<ScramKeys>();
    ends.push(() => resolve(scramKeys(Buffer.from([rounds]))));
    return promise;
  });
  const deadline = new AbortController();
  const first = derive({ ...SOURCE, rounds: 1 }, deadline.signal);
  const second = derive({ ...SOURCE, rounds: 2 }, deadline.signal);
  const third = derive({ ...SOURCE, rounds: 3 }, NEVER);
  await turn();
  expect(begun).toEqual([1]);
  deadline.abort();
  await expect(first).rejects.toMatchObject({ reason: "CheckTimeout" });
  await expect(second).rejects.toMatchObject({ reason: "CheckTimeout" });
  await turn();
  // The first goes on: there is no way to end it.
  expect(begun).toEqual([1]);
  ends[0]?.();
  await turn();
  expect(begun).toEqual([1, 3]);
  ends[1]?.();
  expect(await third).toEqual(scramKeys(Buffer.from([3])));
});

test("of those that wait, the one with the fewest rounds is next, else the one that came first", async () => {
  const begun: string[] = [];
  const derive = createDeriver(async ({ password }) => {
    begun.push(password);
    await turn();
    return scramKeys(Buffer.alloc(1));
  });
  const ask = (password: string, rounds: number) => derive({ ...SOURCE, password, rounds }, NEVER);
  await Promise.all([
    ...[ask("first", 100_000), ask("second", 100_000), ask("third", 100_000)],
    ...[ask("ordinary", 4_096), ask("ordinary too", 4_096)],
  ]);
  expect(begun).toEqual(["first", "ordinary", "ordinary too", "second", "third"]);
});

test("goes on after one that failed", async () => {
  const derive = createDeriver(async ({ rounds }) => {
    if (rounds === 1) throw new Error("no");
    return scramKeys(Buffer.alloc(1));
  });
  await expect(derive({ ...SOURCE, rounds: 1 }, NEVER)).rejects.toThrow("no");
  expect(await derive(SOURCE, NEVER)).toEqual(scramKeys(Buffer.alloc(1)));
});

/** Counts derivations and gives each its own keys. */
function counting(): { derive: DeriveKeys; count(): number } {
  let calls = 0;
  return {
    async derive() {
      calls += 1;
      return scramKeys(Buffer.from([calls]));
    },
    count: () => calls,
  };
}

test("remembers the last keys, by password, salt and rounds", async () => {
  const { derive, count } = counting();
  const memory = createKeyMemory(derive);
  const first = await memory.derive(SOURCE, NEVER);
  expect(await memory.derive({ ...SOURCE, salt: Buffer.from(SOURCE.salt) }, NEVER)).toBe(first);
  expect(count()).toBe(1);
  const others = [
    { ...SOURCE, password: "other" },
    { ...SOURCE, salt: Buffer.from("tlas") },
    { ...SOURCE, rounds: 4097 },
  ];
  for (const other of others) expect(await memory.derive(other, NEVER)).not.toEqual(first);
  expect(count()).toBe(4);
  // One entry: the first has made place.
  await memory.derive(SOURCE, NEVER);
  expect(count()).toBe(5);
});

test("tells what a derivation takes, as estimated, and nothing for keys that are known", async () => {
  const memory = createKeyMemory(counting().derive);
  const costs: number[] = [];
  const derive = (rounds: number) =>
    memory.derive({ ...SOURCE, rounds }, NEVER, (cpuMilliseconds) => costs.push(cpuMilliseconds));
  for (const rounds of [100_000, 100_000, 4_096]) await derive(rounds);
  expect(costs).toEqual([11, expect.closeTo(0.45, 2)]);
});

test("forgets on request, and keeps nothing of what failed", async () => {
  const { derive, count } = counting();
  const memory = createKeyMemory(derive);
  await memory.derive(SOURCE, NEVER);
  memory.forget();
  await memory.derive(SOURCE, NEVER);
  expect(count()).toBe(2);
  const failing = createKeyMemory(async () => {
    await sleep(1);
    throw new Error("no");
  });
  await expect(failing.derive(SOURCE, NEVER)).rejects.toThrow("no");
  await expect(failing.derive(SOURCE, NEVER)).rejects.toThrow("no");
});
