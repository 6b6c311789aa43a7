import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type ThrottlingWatch, throttledSeconds, watchThrottling } from "./watch-throttling.ts";

/** As a kernel writes it for a container of Kubernetes, cgroup v2. */
const statistics = (microseconds: number) => `usage_usec 812345
user_usec 612345
system_usec 200000
nr_periods 400
nr_throttled 310
throttled_usec ${microseconds}
nr_bursts 0
burst_usec 0
`;

let directory: string;
let path: string;
let seconds: number;
let lines: unknown[][];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cgroup-"));
  path = join(directory, "cpu.stat");
  seconds = 0;
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const held = (total: number) => writeFileSync(path, statistics(Math.round(total * 1e6)));

const watch = () =>
  watchThrottling({
    path,
    log: (...line) => {
      lines.push(line);
    },
    now: () => seconds * 1_000,
  });

/** Looks every second until `end`; of each second so much was spent held up. */
function live(watched: ThrottlingWatch, end: number, share: number, total = 0): number {
  let sum = total;
  for (; seconds < end; watched.look()) {
    seconds += 1;
    sum += share;
    held(sum);
  }
  return sum;
}

const percents = () => lines.map(([, , fields]) => (fields as { percent: number }).percent);

test.each([
  ["cgroup v2", statistics(31_415_926), 31.415926],
  ["no controller of CPU there", "usage_usec 812345\nuser_usec 612345\n", undefined],
  ["cgroup v1", "nr_periods 400\nnr_throttled 310\nthrottled_time 31415926000\n", undefined],
  ["an empty file", "", undefined],
  ["no number", "throttled_usec many\n", undefined],
])("what the kernel says of the time held up: %s", (_, text, expected) => {
  expect(throttledSeconds(text)).toBe(expected);
});

test("a sidecar that was held up for a third of ten seconds says so, with what to do", () => {
  held(100);
  live(watch(), 10, 0.34, 100);
  expect(lines).toStrictEqual([
    [
      "warn",
      "sidecar throttled",
      {
        percent: 34,
        problem:
          "its CPU limit holds it up, so that checks of healthy servers may end as CheckTimeout: raise sidecar.resources.limits.cpu, or set a longer timing.interval, or name fewer dependencies",
      },
    ],
  ]);
});

test("what is less, and what was before it looked first, is nothing to say", () => {
  held(100);
  live(watch(), 60, 0.32, 100);
  expect(lines).toStrictEqual([]);
});

test("a burst within ten seconds, such as the first checks, is judged by all of them", () => {
  held(0);
  const watched = watch();
  const burst = live(watched, 3, 1);
  live(watched, 20, 0, burst);
  expect(lines).toStrictEqual([]);
});

test("it is said once while it lasts, and again after a minute without", () => {
  held(0);
  const watched = watch();
  let sum = live(watched, 200, 0.9);
  expect(percents()).toStrictEqual([90]);
  sum = live(watched, 250, 0, sum);
  sum = live(watched, 260, 0.5, sum);
  expect(percents()).toStrictEqual([90]);
  sum = live(watched, 320, 0, sum);
  live(watched, 330, 0.5, sum);
  expect(percents()).toStrictEqual([90, 50]);
});

test("the metric is read when it is asked for", () => {
  held(1);
  const watched = watch();
  held(1.5);
  expect(watched.seconds()).toBe(1.5);
});

test("without the file nothing is said and nothing thrown, also where it comes and goes", () => {
  const watched = watch();
  expect(watched.seconds()).toBeUndefined();
  live(watched, 5, 1, 100);
  // What there was before is not of these ten seconds.
  expect(lines).toStrictEqual([]);
  rmSync(path);
  seconds = 30;
  watched.look();
  expect(watched.seconds()).toBeUndefined();
  expect(lines).toStrictEqual([]);
});

test("a file that cannot be read is as one that is not there", () => {
  path = directory;
  const watched = watch();
  seconds = 30;
  watched.look();
  expect([watched.seconds(), lines]).toStrictEqual([undefined, []]);
});

test("a count that starts anew is nothing to say", () => {
  held(1_000);
  const watched = watch();
  seconds = 30;
  held(20);
  watched.look();
  expect(lines).toStrictEqual([]);
});
