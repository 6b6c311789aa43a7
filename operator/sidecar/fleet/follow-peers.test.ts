import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { PeerAddress, PolicyFile } from "../../api/policy-file.ts";
import { knownToAllMilliseconds, SHORTEST_WAIT } from "../../api/timing.ts";
import { cache, database, policy, TIMING } from "../testing/test-pod.ts";
import type { PeerReply } from "./ask-peer.ts";
import type { PeerCount } from "./fleet-share.ts";
import { followPeers, type PeersFollower } from "./follow-peers.ts";

const peers = (count: number): PeerAddress[] =>
  Array.from({ length: count }, (_, index) => ({ ip: `10.0.0.${index + 1}`, port: 19_847 }));
const fleet = (count = 3, pods = count): PolicyFile =>
  policy([database(), cache], {
    fleet: { maxUnready: { percent: 50 }, pods, peers: peers(count) },
  });

let down: string[];
let asked: string[];
let heard: Record<string, PeerCount>[];
let askedAt: number[];
let drawn: number;
let answer: (peer: PeerAddress) => Promise<PeerReply>;
let follower: PeersFollower;

const saysDown: PeerReply = {
  body: JSON.stringify({
    policy: "web",
    dependencies: [{ name: "db", type: "postgresql", up: false, reason: "ConnectionRefused" }],
  }),
};
const advance = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
const ALL_KNOW = knownToAllMilliseconds(TIMING);

beforeEach(() => {
  jest.useFakeTimers();
  down = [];
  asked = [];
  heard = [];
  askedAt = [];
  drawn = 1;
  answer = async () => saysDown;
  follower = followPeers({
    readiness: {
      down: () => down,
      recordPeers(counts, at) {
        heard.push(Object.fromEntries(counts));
        askedAt.push(at);
      },
    },
    ask: (peer) => {
      asked.push(peer.ip);
      return answer(peer);
    },
    ownAddresses: () => ["10.0.0.1"],
    random: () => drawn,
  });
  follower.apply(fleet());
});
afterEach(() => {
  follower.stop();
  jest.useRealTimers();
});

test("asks nobody while nothing is down", async () => {
  follower.look();
  await advance(1e6);
  expect(asked).toStrictEqual([]);
});

test("asks all others at once, again when all must know, then at each interval, and no more once it is up", async () => {
  down = ["db"];
  follower.look();
  await advance(0);
  expect(asked.sort()).toStrictEqual(["10.0.0.2", "10.0.0.3"]);
  expect(heard).toStrictEqual([{ db: { answered: 2, down: 2, silent: 0 } }]);
  await advance(ALL_KNOW - 1);
  expect(heard).toHaveLength(1);
  await advance(1);
  expect(heard).toHaveLength(2);
  await advance(3 * TIMING.intervalMilliseconds);
  expect(heard).toHaveLength(5);
  down = [];
  follower.look();
  await advance(1e6);
  expect(heard).toHaveLength(5);
  expect(jest.getTimerCount()).toBe(0);
});

test.each([0, 0.5])("pods that ask together come apart: %d of the last tenth", async (chance) => {
  drawn = chance;
  down = ["db"];
  follower.look();
  await advance(ALL_KNOW);
  expect(heard).toHaveLength(2);
  const pace = (SHORTEST_WAIT + (1 - SHORTEST_WAIT) * chance) * TIMING.intervalMilliseconds;
  await advance(pace - 1);
  expect(heard).toHaveLength(2);
  await advance(1);
  expect(heard).toHaveLength(3);
});

test("looks as often as anybody likes without asking more", async () => {
  down = ["db"];
  for (let index = 0; index < 100; index += 1) follower.look();
  await advance(0);
  follower.look();
  await advance(0);
  expect(heard).toHaveLength(1);
  await advance(ALL_KNOW - 1);
  follower.look();
  await advance(1);
  expect(heard).toHaveLength(2);
  await advance(TIMING.intervalMilliseconds - 1);
  expect(heard).toHaveLength(2);
});

test("asks anew for a second dependency, and tells of both", async () => {
  down = ["db"];
  follower.look();
  await advance(ALL_KNOW + 1_000);
  down = ["db", "cache"];
  follower.look();
  await advance(0);
  expect(heard.at(-1)).toStrictEqual({
    db: { answered: 2, down: 2, silent: 0 },
    cache: { answered: 0, down: 0, silent: 0 },
  });
  const before = heard.length;
  await advance(ALL_KNOW);
  expect(heard).toHaveLength(before + 1);
});

describe("a question that decides is not put off", () => {
  /** With a threshold of 1 others may learn of the fault an interval later. */
  const timing = { ...TIMING, failureThreshold: 1 };
  const withThreshold = (count = 3) => ({ ...fleet(count), timing });
  const DECIDES = knownToAllMilliseconds(timing);

  test("by a second dependency that goes down meanwhile, which has its own", async () => {
    follower.apply(withThreshold());
    down = ["db"];
    follower.look();
    await advance(3_000);
    down = ["db", "cache"];
    follower.look();
    await advance(DECIDES - 3_000 - 1);
    expect(heard).toHaveLength(2);
    await advance(1);
    expect(heard).toHaveLength(3);
    await advance(3_000 - 1);
    expect(heard).toHaveLength(3);
    await advance(1);
    expect(heard).toHaveLength(4);
    await advance(TIMING.intervalMilliseconds - 1);
    expect(heard).toHaveLength(4);
    await advance(1);
    expect(heard).toHaveLength(5);
  });

  test("nor is one of the pace", async () => {
    follower.apply(withThreshold());
    down = ["db"];
    follower.look();
    await advance(DECIDES + TIMING.intervalMilliseconds - 500);
    down = ["db", "cache"];
    follower.look();
    await advance(499);
    expect(heard).toHaveLength(3);
    await advance(1);
    expect(heard).toHaveLength(4);
  });

  test("by a policy that is edited meanwhile", async () => {
    follower.apply(withThreshold());
    down = ["db"];
    follower.look();
    await advance(3_000);
    follower.apply(withThreshold(5));
    await advance(DECIDES - 3_000);
    expect(heard).toHaveLength(3);
  });

  test("but one that was up meanwhile has all of its time again", async () => {
    follower.apply(withThreshold());
    down = ["db"];
    follower.look();
    await advance(3_000);
    down = [];
    follower.look();
    down = ["db"];
    follower.look();
    await advance(DECIDES - 1);
    expect(heard).toHaveLength(2);
    await advance(1);
    expect(heard).toHaveLength(3);
  });
});

test("has four questions in flight, however long they take", async () => {
  answer = () => new Promise(() => {});
  down = ["db"];
  follower.look();
  await advance(10 * TIMING.intervalMilliseconds);
  expect(asked).toHaveLength(4 * 2);
});

test("one that hangs up is not silent: it has too much to do in a fault that all share", async () => {
  answer = async ({ ip }) => (ip === "10.0.0.2" ? saysDown : "HungUp");
  down = ["db"];
  follower.look();
  await advance(0);
  expect(heard).toStrictEqual([{ db: { answered: 1, down: 1, silent: 0 } }]);
});

test("does not count what was asked before answers that were counted", async () => {
  const first = Promise.withResolvers<PeerReply>();
  answer = () => first.promise;
  down = ["db"];
  follower.look();
  answer = async () => "Silent";
  await advance(ALL_KNOW);
  first.resolve(saysDown);
  await advance(0);
  expect(heard).toStrictEqual([{ db: { answered: 0, down: 0, silent: 2 } }]);
});

test("says when peers were asked, not when the last one had answered", async () => {
  const first = Promise.withResolvers<PeerReply>();
  answer = () => first.promise;
  down = ["db"];
  const begun = performance.now();
  follower.look();
  await advance(900);
  first.resolve(saysDown);
  await advance(0);
  expect(askedAt).toStrictEqual([begun]);
});

test("tells nothing of a question that was asked under another policy, or before the end", async () => {
  const { promise, resolve } = Promise.withResolvers<PeerReply>();
  answer = () => promise;
  down = ["db"];
  follower.look();
  follower.apply(policy([database()]));
  resolve(saysDown);
  await advance(1e6);
  expect(heard).toStrictEqual([]);
  follower.apply(fleet());
  follower.stop();
  await advance(1e6);
  expect(heard).toStrictEqual([]);
});

test("asks the longer apart, the more pods there are, and 8 of them at most", async () => {
  follower.apply(fleet(16, 1_000));
  down = ["db"];
  follower.look();
  await advance(ALL_KNOW);
  expect(asked).toHaveLength(16);
  await advance(19_999);
  expect(asked).toHaveLength(16);
  await advance(1);
  expect(asked).toHaveLength(24);
});

test("asks every ten minutes however many pods there are said to be", async () => {
  follower.apply(fleet(3, Number.MAX_SAFE_INTEGER));
  down = ["db"];
  follower.look();
  await advance(ALL_KNOW);
  asked = [];
  await advance(599_999);
  expect(asked).toStrictEqual([]);
  await advance(1);
  expect(asked).toHaveLength(2);
});

test("asks with a new policy at once", async () => {
  follower.apply(policy([database()]));
  down = ["db"];
  follower.look();
  await advance(1e6);
  expect(asked).toStrictEqual([]);
  follower.apply(fleet());
  await advance(0);
  expect(heard).toHaveLength(1);
});
