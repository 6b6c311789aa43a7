import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  APART_MILLISECONDS,
  COSTLY_MILLISECONDS,
  createHandshakeCosts,
  FORGOTTEN_MILLISECONDS,
  type HandshakeCosts,
  type HandshakeWork,
  MAX_PAUSE_MILLISECONDS,
  ORDINARY_MILLISECONDS,
} from "./handshake-costs.ts";

let now: number;
let costs: HandshakeCosts;
beforeEach(() => {
  now = 1_000;
  costs = createHandshakeCosts(() => now);
});

/** Milliseconds of CPU a second that are a server's own where twelve want more. */
const OWN_PER_SECOND = 6;

/** Whether a handshake with the server may begin. */
const mayBegin = (server: string) => costs.begin(server) !== undefined;

/** A handshake that takes so much. */
function handshake(server: string, cpuMilliseconds: number): HandshakeWork | undefined {
  const work = costs.begin(server);
  work?.add(cpuMilliseconds);
  return work;
}

/** How long the server is left alone from now on, in seconds; the clock stands at the end of it afterwards. */
function pauseOf(server: string): number {
  const begun = now;
  while (!mayBegin(server)) now += 1_000;
  return (now - begun) / 1_000;
}

/** In how many of so many rounds, a second apart, the server was left alone. Each handshake costs the next of these. */
function refusals(server: string, rounds: number, cpuMilliseconds: readonly number[]): number {
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (!handshake(server, cpuMilliseconds[round % cpuMilliseconds.length] ?? 0)) refused += 1;
    now += 1_000;
  }
  return refused;
}

test.each([
  ["RSA and P-256", [1, 2]],
  ["P-384", [3]],
  ["P-521", [5]],
  ["P-521, counted in steps of 4 ms", [4, 4, 8, 4]],
  ["P-521, counted in steps of 10 ms", [0, 10]],
])("an honest server of %s is never left alone, even among the costliest that are", (_, cpu) => {
  for (let round = 0; round < 100; round += 1) {
    for (let port = 1; port <= 11; port += 1) handshake(`hostile:${port}`, ORDINARY_MILLISECONDS);
    expect(refusals("db:5432", 1, [cpu[round % cpu.length] ?? 0])).toBe(0);
  }
});

test("twelve honest servers of P-384, each twice a second, are never left alone", () => {
  let refused = 0;
  for (let half = 0; half < 200; half += 1) {
    for (let port = 1; port <= 12; port += 1) if (!handshake(`db:${port}`, 2.5)) refused += 1;
    now += 500;
  }
  expect(refused).toBe(0);
});

test("one that costs just what is ordinary has all that nobody else needs", () => {
  expect(refusals("db:5432", 100, [ORDINARY_MILLISECONDS])).toBe(0);
});

test("a server that costs more than is ordinary on average is left alone before long", () => {
  const work = handshake("db:5432", COSTLY_MILLISECONDS - 1);
  expect(work?.mayGoOn()).toBe(true);
  now += 1_000;
  expect(handshake("db:5432", COSTLY_MILLISECONDS - 1)?.mayGoOn()).toBe(false);
  expect(mayBegin("db:5432")).toBe(false);
  expect(refusals("db:5433", 30, [ORDINARY_MILLISECONDS + 1])).toBeGreaterThan(0);
});

test("after a pause an ordinary handshake is none too many, and a costly one is", () => {
  handshake("db:5432", 100);
  now += 20_000;
  expect(handshake("db:5432", 2)?.mayGoOn()).toBe(true);
  handshake("db:5433", 100);
  now += 20_000;
  expect(handshake("db:5433", 25)?.mayGoOn()).toBe(false);
});

describe("a server that costs half as much again as is ordinary", () => {
  test.each([
    ["at most", [13]],
    ["always", [18]],
    ["on average", [13, 22, 16]],
    ["on average, counted in steps of 10 ms", [10, 20, 20]],
  ])("%s is asked less often, and never left alone for long", (_, cpu) => {
    handshake("db:5432", 100);
    now += 20_000;
    let begun = 0;
    let lastAt = now;
    for (let second = 0; second < 3_600; second += 1) {
      if (handshake("db:5432", cpu[begun % cpu.length] ?? 0)) {
        // 200 times what a handshake takes that is not too costly.
        expect(now - lastAt).toBeLessThanOrEqual(6_000);
        lastAt = now;
        begun += 1;
      }
      now += 1_000;
    }
    expect(begun).toBeLessThan(3_400);
  });

  test("eleven of them take turns, and a fiftieth of a core together", () => {
    let cpu = 0;
    for (let second = 0; second < 3_600; second += 1) {
      for (let port = 1; port <= 11; port += 1) if (handshake(`db:${port}`, 18)) cpu += 18;
      now += 1_000;
    }
    expect(cpu / 3_600).toBeLessThan(19);
  });

  test("is not one with whom many begin together, each costing little because one costs too much", () => {
    const pauses = [1, 2, 3].map(() => {
      const together = Array.from({ length: 12 }, () => costs.begin("db:5432"));
      together[0]?.add(100);
      return pauseOf("db:5432");
    });
    expect(pauses).toStrictEqual([20, 40, 80]);
  });
});

test("servers above the average take turns, the one that waits longest first", () => {
  const ports = [1, 2, 3, 4];
  for (const port of ports) handshake(`db:${port}`, ORDINARY_MILLISECONDS + 1);
  const begun: number[][] = [];
  for (let round = 0; round < 8; round += 1) {
    now += APART_MILLISECONDS;
    // It stays above the average by this.
    begun.push(ports.filter((port) => handshake(`db:${port}`, ORDINARY_MILLISECONDS + 0.1)));
    expect(mayBegin("ordinary:5432")).toBe(true);
  }
  expect(begun).toStrictEqual([[1], [2], [3], [4], [1], [2], [3], [4]]);
});

test("one whose turn is long over does not keep the others from theirs by asking each second as before", () => {
  const above = ORDINARY_MILLISECONDS + 1;
  for (const server of ["first:1", "second:2"]) handshake(server, above);
  let refused = 0;
  for (let round = 0; round < 20; round += 1) {
    now += APART_MILLISECONDS / 2;
    handshake("first:1", 1);
    now += APART_MILLISECONDS / 2 - 1;
    if (!handshake("second:2", 1)) refused += 1;
  }
  expect(refused).toBeLessThan(2);
});

test.each([1_000, 5_000, 60_000])(
  "asked every %d ms, it keeps its place until it is asked again, and not much longer",
  (interval) => {
    const turns = (port: number) =>
      handshake(`db:${port}`, ORDINARY_MILLISECONDS + 0.1) !== undefined;
    for (const port of [1, 2, 3]) handshake(`db:${port}`, ORDINARY_MILLISECONDS + 1);
    now += interval;
    expect([1, 2, 3].map(turns)).toStrictEqual([true, false, false]);
    // Nor when two dependencies are on one server.
    expect([2, 3].map(turns)).toStrictEqual([false, false]);
    now += 1.1 * interval;
    expect([1, 2].map(turns)).toStrictEqual([false, true]);
    // The third is not asked any more.
    now += interval;
    expect(turns(1)).toBe(true);
  },
);

test("one that is left alone for a while does not keep the others from their turns", () => {
  const turn = (server: string) => handshake(server, ORDINARY_MILLISECONDS + 0.1) !== undefined;
  const above = ORDINARY_MILLISECONDS + 1;
  const twoAtOnce = [costs.begin("costly:1"), costs.begin("costly:1")];
  twoAtOnce[0]?.add(above);
  now += 1;
  for (const server of ["a:1", "b:1"]) handshake(server, above);
  now += 60_000;
  // It had to wait, so that its place is kept for two minutes; and then its other handshake turns out to cost too much.
  expect(turn("a:1")).toBe(true);
  expect(turn("costly:1")).toBe(false);
  twoAtOnce[1]?.add(100);
  now += APART_MILLISECONDS;
  expect(turn("costly:1")).toBe(false);
  expect(turn("b:1")).toBe(true);
});

test("twelve honest servers of P-521, with 6 ms each on a busy machine, are never left alone", () => {
  let refused = 0;
  for (let second = 0; second < 200; second += 1) {
    for (let port = 1; port <= 12; port += 1) if (!handshake(`db:${port}`, 6)) refused += 1;
    now += 1_000;
  }
  expect(refused).toBe(0);
});

test("of many that cost nearly what is ordinary each gets its share, and all together no more than theirs", () => {
  const cpu = ORDINARY_MILLISECONDS;
  const begun = Array.from({ length: 12 }, () => 0);
  const seconds = 200;
  for (let second = 0; second < seconds; second += 1) {
    for (const port of begun.keys()) {
      if (handshake(`db:${port}`, cpu)) begun[port] = (begun[port] ?? 0) + 1;
    }
    now += 1_000;
  }
  for (const count of begun) {
    expect(count * cpu).toBeGreaterThan(0.9 * OWN_PER_SECOND * seconds);
    expect(count * cpu).toBeLessThan(1.2 * OWN_PER_SECOND * seconds);
  }
});

test("a costly one is left alone for two hundred times what it cost, and no other is", () => {
  expect(handshake("db:5432", 100)?.mayGoOn()).toBe(false);
  expect(mayBegin("db:5433")).toBe(true);
  now += 19_999;
  expect(mayBegin("db:5432")).toBe(false);
  now += 1;
  expect(mayBegin("db:5432")).toBe(true);
});

test("what it costs is the sum of its pieces", () => {
  const work = costs.begin("db:5432");
  work?.add(COSTLY_MILLISECONDS);
  expect(work?.mayGoOn()).toBe(true);
  work?.add(1);
  expect(work?.mayGoOn()).toBe(false);
  expect(mayBegin("db:5432")).toBe(false);
});

test("of handshakes that began together none goes on once one was too costly", () => {
  const together = [1, 2, 3].map(() => costs.begin("db:5432"));
  const other = costs.begin("db:5433");
  together[0]?.add(100);
  expect(together.map((work) => work?.mayGoOn())).toStrictEqual([false, false, false]);
  expect(other?.mayGoOn()).toBe(true);
  together[1]?.add(100);
  // Both belong to one round: the second makes it no longer.
  expect(pauseOf("db:5432")).toBe(20);
});

test("twice as long each time, up to ten minutes, and also where others in between were cheap", () => {
  const pauses = Array.from({ length: 7 }, () => {
    handshake("db:5432", 100);
    const pause = pauseOf("db:5432");
    handshake("db:5432", 1);
    return pause;
  });
  expect(pauses).toStrictEqual([20, 40, 80, 160, 320, 600, MAX_PAUSE_MILLISECONDS / 1_000]);
});

test.each([
  [FORGOTTEN_MILLISECONDS - 1, 40],
  [FORGOTTEN_MILLISECONDS, 20],
])("%d ms after its end a pause counts, or not any more", (later, next) => {
  handshake("db:5432", 100);
  now += 20_000 + later;
  handshake("db:5432", 100);
  expect(pauseOf("db:5432")).toBe(next);
});

test("no more servers are remembered than a policy can name", () => {
  for (let port = 1; port <= 300; port += 1) handshake(`db:${port}`, 100);
  const known = Array.from({ length: 300 }, (_, index) => `db:${index + 1}`);
  // The latest first: to ask for an unknown one makes it known, and the oldest unknown.
  const paused = known.reverse().filter((server) => !mayBegin(server));
  expect(paused.reverse()).toStrictEqual(known.reverse().slice(-256));
});
