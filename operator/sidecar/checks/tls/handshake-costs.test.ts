import { beforeEach, expect, test } from "@jest/globals";
import {
  COSTLY_MILLISECONDS,
  createHandshakeCosts,
  FORGOTTEN_MILLISECONDS,
  type HandshakeCosts,
  type HandshakeWork,
  MAX_PAUSE_MILLISECONDS,
} from "./handshake-costs.ts";

let now: number;
let costs: HandshakeCosts;
beforeEach(() => {
  now = 1_000;
  costs = createHandshakeCosts(() => now);
});

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

test("an honest server is never left alone", () => {
  for (const _ of [1, 2, 3]) {
    const work = handshake("db:5432", COSTLY_MILLISECONDS);
    expect(work?.mayGoOn()).toBe(true);
    expect(mayBegin("db:5432")).toBe(true);
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
  together[1]?.add(1);
  expect(mayBegin("db:5432")).toBe(false);
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
  expect(known.filter((server) => !mayBegin(server))).toStrictEqual(known.slice(-256));
});
