import { beforeEach, describe, expect, test } from "@jest/globals";
import type { PolicyFile } from "../../api/policy-file.ts";
import { heldBackMilliseconds, knownToAllMilliseconds } from "../../api/timing.ts";
import { database, policy, TIMING } from "../testing/test-pod.ts";
import { asksPeers, createFleetCases, type FleetCases } from "./fleet-cases.ts";

const ALL_KNOW = knownToAllMilliseconds(TIMING);
const HELD_BACK = heldBackMilliseconds(TIMING);

const withPeers = (...addresses: string[]): PolicyFile => {
  const peers = addresses.map((ip) => ({ ip, port: 19_847 }));
  return policy([database()], { fleet: { maxUnready: { percent: 50 }, pods: 3, peers } });
};

let config: PolicyFile | undefined;
let cases: FleetCases;
beforeEach(() => {
  config = withPeers("10.0.0.2");
  cases = createFleetCases(() => config);
});

/** What the one peer that was asked says of the dependency. */
const peerSays = (down: boolean, at: number) =>
  cases.count(new Map([["db", { answered: 1, down: down ? 1 : 0, silent: 0 }]]), at);

test.each<[string, PolicyFile | undefined, boolean]>([
  ["no policy", undefined, false],
  ["a policy that asks nobody", policy([database()]), false],
  ["no peer", withPeers(), false],
  ["a peer", withPeers("10.0.0.2"), true],
])("whether there is anybody to ask: %s", (_, given, want) => {
  expect(asksPeers(given)).toBe(want);
});

test("of what does not gate there is no case, and once it does not any more there is none", () => {
  cases.note("db", false, 0);
  expect(cases.names()).toStrictEqual([]);
  cases.note("db", true, 0);
  expect(cases.names()).toStrictEqual(["db"]);
  cases.note("db", false, 1);
  expect(cases.names()).toStrictEqual([]);
});

test("a case begins when it is first noted, however often it is", () => {
  cases.note("db", true, 0);
  cases.note("db", true, HELD_BACK);
  expect(cases.share("db", HELD_BACK)).toBe("Awaited");
  expect(cases.share("db", HELD_BACK + 1)).toBe("Own");
});

test("who asks nobody knows of no share, and has no case", () => {
  cases.note("db", true, 0);
  config = policy([database()]);
  peerSays(true, ALL_KNOW);
  expect(cases.share("db", ALL_KNOW)).toBeUndefined();
  cases.note("db", true, ALL_KNOW);
  expect(cases.names()).toStrictEqual([]);
});

test("answers about what is not down here make no case", () => {
  peerSays(true, 0);
  expect(cases.names()).toStrictEqual([]);
  expect(cases.share("db", 0)).toBe("Awaited");
});

/** One answer after each of so many checks that failed here. */
function answersAfterChecks(checks: number, down: boolean): void {
  for (let check = 0; check < checks; check += 1) {
    cases.failed("db");
    peerSays(down, ALL_KNOW);
  }
}

describe("others may be up again first, and so may this pod be", () => {
  beforeEach(() => {
    cases.note("db", true, 0);
    peerSays(true, 0);
  });
  const share = () => cases.share("db", ALL_KNOW);

  test("answers against what was found count once for each check that fails here", () => {
    for (let answer = 0; answer < 5; answer += 1) peerSays(false, ALL_KNOW);
    answersAfterChecks(2, false);
    expect(share()).toBe("Shared");
    answersAfterChecks(1, false);
    expect(share()).toBe("Own");
  });

  test("an answer that bears it out uses up the failed check before it", () => {
    answersAfterChecks(1, true);
    peerSays(false, ALL_KNOW);
    answersAfterChecks(2, false);
    expect(share()).toBe("Shared");
  });

  test("so does the answer by which it turns", () => {
    answersAfterChecks(3, false);
    expect(share()).toBe("Own");
    peerSays(true, ALL_KNOW);
    answersAfterChecks(2, true);
    expect(share()).toBe("Own");
    answersAfterChecks(1, true);
    expect(share()).toBe("Shared");
  });
});

test("a failed check of what has no case makes none", () => {
  cases.failed("db");
  expect(cases.names()).toStrictEqual([]);
});

test("a dependency that the policy no longer names is forgotten, and no other", () => {
  cases.note("db", true, 0);
  cases.note("cache", true, 0);
  peerSays(true, 0);
  cases.keep((name) => name === "cache");
  expect(cases.names()).toStrictEqual(["cache"]);
  cases.note("db", true, 10);
  expect(cases.share("db", 10)).toBe("Awaited");
});
