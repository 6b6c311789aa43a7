import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createPacedTasks, type PacedTasks, type Task } from "./paced-tasks.ts";

let ran: { key: string; at: number }[];
let errors: unknown[];
let dropped: string[];
let tasks: PacedTasks;
let begun: number;

beforeEach(() => {
  jest.useFakeTimers();
  ran = [];
  errors = [];
  dropped = [];
  begun = performance.now();
  tasks = createPacedTasks({ perSecond: 50, most: 100 });
});
afterEach(async () => {
  await tasks.stop();
  jest.useRealTimers();
});

function add(key: string, task: Partial<Task> = {}): void {
  const run = async () => {
    ran.push({ key, at: performance.now() - begun });
  };
  const failed = (error: unknown) => errors.push(error);
  tasks.add({
    ...{ group: "a", key, after: 0, within: 60_000, run, failed, dropped: () => dropped.push(key) },
    ...task,
  });
}

test("50 a second and no more, in the order in which they came, not before their time", async () => {
  add("late", { after: 1_000 });
  for (let one = 0; one < 60; one += 1) add(`${one}`);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ran).toHaveLength(50);
  await jest.advanceTimersByTimeAsync(1_000);
  const keys = ran.map(({ key }) => key);
  expect(keys.filter((key) => key !== "late")).toStrictEqual(
    Array.from({ length: 60 }, (_, one) => `${one}`),
  );
  expect(ran.find(({ key }) => key === "late")?.at).toBeGreaterThanOrEqual(1_000);
});

test("a task takes the place of one of its key that has not begun", async () => {
  add("pod", { run: () => Promise.reject(new Error("not meant")) });
  add("pod");
  await jest.advanceTimersByTimeAsync(5_000);
  expect([ran.length, errors.length]).toStrictEqual([1, 0]);
  expect(dropped).toStrictEqual([]);
});

test("what comes while so many wait is dropped, but not news of one that waits", async () => {
  for (let one = 0; one < 150; one += 1) add(`${one}`);
  add("0", { run: () => Promise.reject(new Error("news")) });
  await jest.advanceTimersByTimeAsync(10_000);
  expect(ran).toHaveLength(99);
  expect(errors).toHaveLength(1);
  expect(dropped).toStrictEqual(Array.from({ length: 50 }, (_, one) => `${one + 100}`));
});

test("a group with one task does not wait for all of another one's, nor is it dropped for them", async () => {
  tasks = createPacedTasks({ perSecond: 50, most: 3_000 });
  for (let one = 0; one < 3_000; one += 1) add(`${one}`);
  add("b", { group: "b" });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ran.map(({ key }) => key)).toContain("b");
  expect(dropped).toStrictEqual(["2999"]);
});

test("of the same key in two groups each is carried out", async () => {
  add("same");
  add("same", { group: "b" });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ran).toHaveLength(2);
});

test("what has become too late is dropped", async () => {
  for (let one = 0; one < 100; one += 1) add(`${one}`, { within: 1_000 });
  await jest.advanceTimersByTimeAsync(10_000);
  expect(ran).toHaveLength(50);
  expect(dropped).toStrictEqual(Array.from({ length: 50 }, (_, one) => `${one + 50}`));
});

test("five at once at most: a slow server gets no more", async () => {
  let ends: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    ends = resolve;
  });
  for (let one = 0; one < 20; one += 1) {
    add(`${one}`, {
      run: () => {
        ran.push({ key: `${one}`, at: 0 });
        return slow;
      },
    });
  }
  await jest.advanceTimersByTimeAsync(5_000);
  expect(ran).toHaveLength(5);
  ends();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ran).toHaveLength(20);
});

test("a task that fails is tried twice more, a second apart", async () => {
  let tries = 0;
  add("pod", {
    run: () => {
      tries += 1;
      return Promise.reject(new Error("503"));
    },
  });
  await jest.advanceTimersByTimeAsync(900);
  expect([tries, errors.length]).toStrictEqual([1, 0]);
  await jest.advanceTimersByTimeAsync(60_000);
  expect([tries, errors.length]).toStrictEqual([3, 1]);
});

test.each([
  ["with a task that waits", true],
  ["idle", false],
])("after the end nothing begins: %s", async (_what, waits) => {
  if (waits) add("pod", { after: 500 });
  await tasks.stop();
  add("another");
  await jest.advanceTimersByTimeAsync(5_000);
  expect([ran, dropped]).toStrictEqual([[], []]);
  expect(tasks.signal.aborted).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
});
