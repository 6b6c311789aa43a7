/** Loops of checks whose connecting costs much of the CPU: names that lead nowhere, addresses that are closed. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import { CheckError } from "./checks/check.ts";
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

const startsAfter = (name: string, moment: number) =>
  checks.startsOf(name).filter((at) => at > moment).length;

/** Each check of `names` connects to 16 servers, takes `cpuMilliseconds` together for that, and fails unless `up`. */
function connecting(names: readonly string[], cpuMilliseconds: number, up = false): void {
  checks.run = async ({ name }, { onConnect }) => {
    const servers = names.includes(name) ? 16 : 0;
    for (let server = 0; server < servers; server += 1) onConnect?.(cpuMilliseconds / servers);
    if (servers > 0 && !up) throw new CheckError("TooFewServers");
    return {};
  };
}

const RINGS = ["r1", "r2", "r3", "r4", "r5", "r6"];

test("together they take no more than 40 ms of CPU a second, and the others keep their interval", async () => {
  connecting(RINGS, 100);
  checks.runner.apply(config([...RINGS, "db"].map((name) => dependency(name))));
  await pass(600_000);
  // Six at 100 ms would take 120 ms a second: three times what they may.
  const rings = RINGS.map((name) => startsAfter(name, 60_000));
  expect(Math.max(...rings)).toBeLessThanOrEqual((540 / 15) * 1.1);
  expect(Math.min(...rings)).toBeGreaterThanOrEqual(540 / 15 - 1);
  expect(startsAfter("db", 60_000)).toBeGreaterThanOrEqual(540 / 5);
});

test("one alone may take all that there is, and keeps its interval", async () => {
  // 39 ms a second: twelve times the share of each.
  connecting(["r1"], 195);
  checks.runner.apply(config(["r1", "db"].map((name) => dependency(name))));
  await pass(200_000);
  expect(startsAfter("r1", 0)).toBeGreaterThanOrEqual(40);
});

test("each keeps away from the others", async () => {
  connecting(["r1", "r2"], 6);
  checks.runner.apply(config(["r1", "r2", "db"].map((name) => dependency(name))));
  await pass(200_000);
  const [first = 0, second = 0] = ["r1", "r2"].map((name) => checks.startsOf(name).at(-1) ?? 0);
  expect(Math.abs(first - second)).toBeGreaterThan(1_000);
});

test("once they connect again as others do, they are checked as often", async () => {
  connecting(RINGS, 100);
  checks.runner.apply(config(RINGS.map((name) => dependency(name))));
  await pass(100_000);
  connecting([], 0);
  await pass(100_000);
  expect(startsAfter("r1", 140_000)).toBeGreaterThanOrEqual(60 / 5 - 1);
});

test("one that connects again after a failure is checked within its interval from then on", async () => {
  connecting(RINGS, 100);
  checks.runner.apply(config(RINGS.map((name) => dependency(name))));
  await pass(60_000);
  connecting(RINGS.slice(1), 100);
  await pass(60_000);
  const [first = 0, second = 0] = checks.startsOf("r1").filter((at) => at > 60_000);
  expect(second - first).toBeLessThanOrEqual(5_000);
});

test("one by which the pod stays in its Services keeps its interval, also while it fails", async () => {
  connecting(RINGS, 100);
  checks.mayWait = (name) => name !== "r1";
  checks.runner.apply(config(RINGS.map((name) => dependency(name))));
  await pass(60_000);
  expect(checks.startsOf("r1").length).toBeGreaterThanOrEqual(60 / 5);
  expect(checks.startsOf("r2").length).toBeLessThanOrEqual(60 / 10);
});

test("others that begin their checks do not take them along before their time", async () => {
  // Below what is kept apart, and above its share where checks come each second.
  connecting([...RINGS, "r7", "r8", "r9"], 5.9);
  checks.runner.apply(
    config(
      [...RINGS, "r7", "r8", "r9", "db"].map((name) => dependency(name)),
      { ...TIMING, intervalMilliseconds: 1_000 },
    ),
  );
  await pass(100_000);
  // Nine at 5.9 ms each second are 53 ms a second.
  expect(startsAfter("r1", 10_000)).toBeLessThanOrEqual((90 * 40) / 53 + 8);
  expect(startsAfter("db", 10_000)).toBeGreaterThanOrEqual(90);
});

test("those that succeed keep their interval, or their results would become too old", async () => {
  connecting(RINGS, 100, true);
  checks.runner.apply(config(RINGS.map((name) => dependency(name))));
  await pass(100_000);
  expect(Math.min(...RINGS.map((name) => checks.startsOf(name).length))).toBeGreaterThanOrEqual(20);
});

test("those that nobody waits for are paced by the lookups that a failure causes, though the check that makes them succeeds", async () => {
  checks.mayWait = (name) => name !== "db";
  // A ring that answers wrongly every second time has its names looked up by the check after that.
  checks.run = async ({ name }, { onConnect }) => {
    const isWrong = checks.startsOf(name).length % 2 === 1;
    if (name !== "db") onConnect?.(isWrong ? 3 : 22);
    if (name !== "db" && isWrong) throw new CheckError("InvalidResponse");
    return {};
  };
  const names = [...RINGS, "r7", "r8", "r9", "r10", "r11", "db"];
  const timing = { ...TIMING, intervalMilliseconds: 2_000 };
  checks.runner.apply(
    config(
      names.map((name) => dependency(name)),
      timing,
    ),
  );
  await pass(120_000);
  // Eleven at 25 ms every 4 s are 69 ms a second.
  const rings = checks.started.filter(({ name, at }) => name !== "db" && at > 60_000).length;
  expect((rings * 25) / 2 / 60).toBeLessThanOrEqual(42);
  expect(startsAfter("db", 60_000)).toBeGreaterThanOrEqual(60 / 2);
});
