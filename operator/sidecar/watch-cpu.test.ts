import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type CpuWatch, throttledSeconds, waitedSeconds, watchCpu } from "./watch-cpu.ts";

/** As a kernel writes it for a container of Kubernetes, cgroup v2. */
const statistics = (microseconds: number, [periods, throttled] = [400, 310]) => `usage_usec 812345
user_usec 612345
system_usec 200000
nr_periods ${periods}
nr_throttled ${throttled}
throttled_usec ${microseconds}
nr_bursts 0
burst_usec 0
`;

/** As a kernel writes it for a thread: nanoseconds on a CPU, nanoseconds of waiting for one, turns. */
const schedule = (nanoseconds: number) => `812345678 ${nanoseconds} 651\n`;

let directory: string;
let paths: { throttling: string; waiting: string };
let seconds: number;
let lines: unknown[][];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cgroup-"));
  paths = { throttling: join(directory, "cpu.stat"), waiting: join(directory, "schedstat") };
  seconds = 0;
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const held = (total: number) =>
  writeFileSync(paths.throttling, statistics(Math.round(total * 1e6)));
const waited = (total: number) => writeFileSync(paths.waiting, schedule(Math.round(total * 1e9)));

const watch = () =>
  watchCpu({
    paths,
    log: (...line) => {
      lines.push(line);
    },
    now: () => seconds * 1_000,
  });

/** Looks every second until `end`; of each second so much counts as time without CPU, written by `count`. */
function live(watched: CpuWatch, end: number, { share = 0, total = 0, count = held }): number {
  let sum = total;
  for (; seconds < end; watched.look()) {
    seconds += 1;
    sum += share;
    count(sum);
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

test.each([
  ["a thread that has run", schedule(26_893_000_000), 26.893],
  ["a kernel that does not count", "0 0 0\n", undefined],
  ["fewer numbers", "812345678 500\n", undefined],
  ["an empty file", "", undefined],
  ["no number", "812345678 many 651\n", undefined],
])("what the kernel says of the time waited: %s", (_, text, expected) => {
  expect(waitedSeconds(text)).toBe(expected);
});

const HINDRANCES = [
  [
    "was held up",
    held,
    "sidecar throttled",
    "its CPU limit holds it up, so that checks of healthy servers may end as CheckTimeout: raise sidecar.resources.limits.cpu, or set a longer timing.interval, or name fewer dependencies",
  ],
  [
    "waited for a CPU",
    waited,
    "sidecar waits for CPU",
    "the node's CPUs are full, and its request is its share of them, so that checks of healthy servers may end as ConnectTimeout or CheckTimeout: raise sidecar.resources.requests.cpu",
  ],
] as const;

describe.each(HINDRANCES)("a sidecar that %s", (_, count, message, problem) => {
  test("for a third of ten seconds says so, with what to do", () => {
    count(100);
    live(watch(), 10, { share: 0.34, total: 100, count });
    expect(lines).toStrictEqual([["warn", message, { percent: 34, problem }]]);
  });

  test("for less, or before it looked first, has nothing to say", () => {
    count(100);
    live(watch(), 60, { share: 0.32, total: 100, count });
    expect(lines).toStrictEqual([]);
  });

  test("in a burst within ten seconds, such as the first checks, is judged by all of them", () => {
    count(0);
    const watched = watch();
    const total = live(watched, 3, { share: 1, count });
    live(watched, 20, { total, count });
    expect(lines).toStrictEqual([]);
  });

  test("says it once while it lasts, and again after a minute without", () => {
    count(0);
    const watched = watch();
    let total = live(watched, 200, { share: 0.9, count });
    expect(percents()).toStrictEqual([90]);
    total = live(watched, 250, { total, count });
    total = live(watched, 260, { share: 0.5, total, count });
    expect(percents()).toStrictEqual([90]);
    total = live(watched, 320, { total, count });
    live(watched, 330, { share: 0.5, total, count });
    expect(percents()).toStrictEqual([90, 50]);
  });

  test("of which a count starts anew has nothing to say", () => {
    count(1_000);
    const watched = watch();
    seconds = 30;
    count(20);
    watched.look();
    expect(lines).toStrictEqual([]);
  });
});

test("what the limit takes counts as waiting too, and is said alone", () => {
  held(0);
  waited(0);
  const both = (total: number) => {
    held(total);
    waited(total);
  };
  const watched = watch();
  const total = live(watched, 50, { share: 0.9, count: both });
  expect(lines.map(([, message]) => message)).toStrictEqual(["sidecar throttled"]);
  // Without the limit it is another fault, and said at once.
  live(watched, 60, { share: 0.5, total, count: waited });
  expect(percents()).toStrictEqual([90, 50]);
  expect(lines.map(([, message]) => message)).toStrictEqual([
    "sidecar throttled",
    "sidecar waits for CPU",
  ]);
});

/** On a node whose CPUs had other work, with a request of 10m and a limit of 100m. */
test.each<[string, number, number, [number, number], string[]]>([
  ["throughout", 0.69, 9.18, [111, 107], ["sidecar throttled"]],
  ["for 60 ms of each second", 2.85, 5.47, [67, 51], ["sidecar throttled"]],
  [
    "throughout, under a limit that it hardly reached",
    0.69,
    9.18,
    [111, 40],
    ["sidecar waits for CPU"],
  ],
  ["for as long as is no fault", 2.1, 3.2, [67, 51], []],
])("one that wants CPU %s", (_, throttled, waits, [periods, reached], expected) => {
  writeFileSync(paths.throttling, statistics(0, [0, 0]));
  waited(0);
  const watched = watch();
  writeFileSync(paths.throttling, statistics(throttled * 1e6, [periods, reached]));
  waited(waits);
  seconds = 10;
  watched.look();
  expect(lines.map(([, message]) => message)).toStrictEqual(expected);
});

test("the metrics are read when they are asked for", () => {
  held(1);
  waited(2);
  const watched = watch();
  held(1.5);
  waited(2.5);
  expect(watched.seconds()).toStrictEqual({ throttled: 1.5, waited: 2.5 });
});

const NOBODY_SAYS = { throttled: undefined, waited: undefined };

test("without the files nothing is said and nothing thrown, also where they come and go", () => {
  const watched = watch();
  expect(watched.seconds()).toStrictEqual(NOBODY_SAYS);
  live(watched, 5, { share: 1, total: 100 });
  live(watched, 10, { share: 1, total: 100, count: waited });
  // What there was before is not of these ten seconds.
  expect(lines).toStrictEqual([]);
  rmSync(paths.throttling);
  rmSync(paths.waiting);
  seconds = 30;
  watched.look();
  expect(watched.seconds()).toStrictEqual(NOBODY_SAYS);
  expect(lines).toStrictEqual([]);
});

test("a file that cannot be read is as one that is not there", () => {
  paths = { throttling: directory, waiting: directory };
  const watched = watch();
  seconds = 30;
  watched.look();
  expect([watched.seconds(), lines]).toStrictEqual([NOBODY_SAYS, []]);
});

test("this kernel says how long its main thread has waited", () => {
  expect(watchCpu({ log: () => undefined }).seconds().waited).toBeGreaterThan(0);
});
