/** Who has the next turn. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import { createEvictionLine, type EvictionLine } from "./eviction-line.ts";
import { createEvictionPace } from "./eviction-pace.ts";
import { MOST_QUESTIONS } from "./questions.ts";

let line: EvictionLine;
let woken: string[];

beforeEach(() => {
  jest.useFakeTimers();
  woken = [];
  line = createEvictionLine(createEvictionPace(10), ({ namespace, name }) => {
    woken.push(`${namespace}/${name}`);
  });
});

afterEach(() => {
  jest.useRealTimers();
});

const of = (namespace: string, name = "web"): NamespacedName => ({ namespace, name });
const nextTurn = () => jest.advanceTimersByTime(10_000);

test("namespaces take turns, however many policies wait in one", () => {
  const policies = [of("many", "a"), of("many", "b"), of("many", "c"), of("shop"), of("blog")];
  const taken = Array.from({ length: 7 }, () => {
    nextTurn();
    for (const policy of policies) line.wait(policy);
    const [one, ...others] = policies.filter((policy) => line.take(policy));
    expect(others).toEqual([]);
    return `${one?.namespace}/${one?.name}`;
  });
  expect(taken).toEqual([
    "many/a",
    "shop/web",
    "blog/web",
    "many/b",
    "shop/web",
    "blog/web",
    "many/c",
  ]);
});

test("a turn that is given back goes to the first in the line, which is woken", () => {
  nextTurn();
  for (const policy of [of("many", "a"), of("many", "b"), of("shop")]) line.wait(policy);
  expect(line.take(of("many", "a"))).toBe(true);
  expect(line.wait(of("shop"))).toBe(6_000);
  woken = [];
  line.giveBack();
  expect(woken).toEqual(["shop/web"]);
  jest.advanceTimersByTime(1_000);
  expect([line.take(of("many", "b")), line.take(of("shop"))]).toEqual([false, true]);
});

test("who has something against an eviction leaves the turn to the next, which is woken", () => {
  nextTurn();
  for (const policy of [of("many", "a"), of("many", "b"), of("shop")]) line.wait(policy);
  line.leave(of("many", "b"));
  expect(woken).toEqual([]);
  line.leave(of("many", "a"));
  line.leave(of("many", "a"));
  expect(woken).toEqual(["shop/web"]);
  expect(line.take(of("shop"))).toBe(true);
});

test("only the next policy of the first namespaces has its sidecars asked", () => {
  nextTurn();
  const policies = Array.from({ length: MOST_QUESTIONS + 2 }, (_, index) => of(`ns-${index}`));
  const waits = policies.map((policy) => line.wait(policy));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(MOST_QUESTIONS);
  expect(line.wait(of("ns-0", "another"))).toBe(10_000);
  line.leave(of("ns-3"));
  expect(woken).toEqual(["ns-0/web", `ns-${MOST_QUESTIONS}/web`]);
  expect(line.wait(of(`ns-${MOST_QUESTIONS}`))).toBe(0);
});

test("who does not come by keeps nobody waiting for longer than 30 s", () => {
  line.wait(of("gone"));
  line.wait(of("shop"));
  jest.advanceTimersByTime(30_000);
  line.wait(of("shop"));
  expect(line.take(of("shop"))).toBe(false);
  jest.advanceTimersByTime(1);
  line.wait(of("shop"));
  expect(line.take(of("shop"))).toBe(true);
});
