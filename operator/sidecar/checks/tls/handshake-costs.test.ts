import { beforeEach, expect, test } from "@jest/globals";
import {
  COSTLY_MILLISECONDS,
  createHandshakeCosts,
  type HandshakeCosts,
  MAX_PAUSE_MILLISECONDS,
} from "./handshake-costs.ts";

let now: number;
let costs: HandshakeCosts;
beforeEach(() => {
  now = 1_000;
  costs = createHandshakeCosts(() => now);
});

/** How long the server is left alone from now on, in seconds; the clock stands at the end of it afterwards. */
function pauseOf(server: string): number {
  const begun = now;
  while (!costs.mayBegin(server)) now += 1_000;
  return (now - begun) / 1_000;
}

test("an honest server is never left alone", () => {
  expect(costs.mayBegin("db:5432")).toBe(true);
  for (const _ of [1, 2, 3]) {
    costs.add("db:5432", COSTLY_MILLISECONDS);
    expect(costs.mayBegin("db:5432")).toBe(true);
  }
});

test("a costly one is left alone for two hundred times what it cost, and no other is", () => {
  costs.add("db:5432", 100);
  expect(costs.mayBegin("db:5433")).toBe(true);
  now += 19_999;
  expect(costs.mayBegin("db:5432")).toBe(false);
  now += 1;
  expect(costs.mayBegin("db:5432")).toBe(true);
});

test("twice as long each time that it is no better, up to ten minutes, and anew once it was good", () => {
  const pauses = Array.from({ length: 7 }, () => {
    costs.add("db:5432", 100);
    return pauseOf("db:5432");
  });
  expect(pauses).toStrictEqual([20, 40, 80, 160, 320, 600, MAX_PAUSE_MILLISECONDS / 1_000]);
  costs.add("db:5432", 1);
  costs.add("db:5432", 100);
  expect(pauseOf("db:5432")).toBe(20);
});

test("no more servers are remembered than a policy can name", () => {
  for (let port = 1; port <= 300; port += 1) costs.add(`db:${port}`, 100);
  const known = Array.from({ length: 300 }, (_, index) => `db:${index + 1}`);
  expect(known.filter((server) => !costs.mayBegin(server))).toStrictEqual(known.slice(-256));
});
