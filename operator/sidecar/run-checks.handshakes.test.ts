/** Loops of checks whose handshakes cost much of the CPU. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { Check } from "./checks/check.ts";
import {
  config,
  createTestChecks,
  dependency,
  pass,
  type TestChecks,
} from "./testing/test-checks.ts";

let checks: TestChecks;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  checks = createTestChecks();
});
afterEach(() => {
  checks.runner.stop();
  jest.useRealTimers();
});

const costly =
  (names: readonly string[], cpuMilliseconds: number): Check["run"] =>
  async ({ name }, { onHandshake }) => {
    if (names.includes(name)) onHandshake?.(cpuMilliseconds);
    return {};
  };

test("they drift apart, each within its promised time, and others stay together without them", async () => {
  const names = ["x", "y", "z"];
  checks.run = costly(names, 6);
  checks.draw = 0.5;
  checks.runner.apply(config([...names, "a", "b"].map((name) => dependency(name))));
  await pass(200_000);
  expect(checks.startsOf("a")).toStrictEqual(checks.startsOf("b"));
  const waits = names.flatMap((name) => {
    const starts = checks.startsOf(name);
    return starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
  });
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(4_500);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  const last = names.map((name) => checks.startsOf(name).at(-1) ?? 0).sort((a, b) => a - b);
  const gaps = last.slice(1).map((at, index) => at - (last[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(1_000);
});

test("they take no others along", async () => {
  checks.run = costly(["x"], 6);
  checks.draws = [0, 1];
  checks.runner.apply(config([dependency("x"), dependency("a")]));
  await pass(5_000);
  expect([checks.startsOf("x"), checks.startsOf("a")]).toStrictEqual([
    [0, 4_500],
    [0, 5_000],
  ]);
});

test("they look for edits of the policy as others do", async () => {
  checks.run = costly(["x"], 6);
  const turns: number[] = [];
  checks.onTurn = () => turns.push(Date.now());
  checks.runner.apply(config([dependency("x")]));
  await pass(10_000);
  expect(turns).toStrictEqual([5_000, 10_000]);
});

test("they come together with others again once their handshakes cost less, not where none took place", async () => {
  checks.run = costly(["x"], 6);
  checks.draws = [1, 0.5];
  checks.runner.apply(config([dependency("x"), dependency("a")]));
  await pass(100);
  checks.run = costly([], 0);
  checks.draw = 0.5;
  await pass(20_000);
  expect(checks.startsOf("x")).not.toStrictEqual(checks.startsOf("a"));
  checks.run = costly(["x"], 5.9);
  await pass(60_000);
  expect(checks.startsOf("x").slice(-5)).toStrictEqual(checks.startsOf("a").slice(-5));
});
