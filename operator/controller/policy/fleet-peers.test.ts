import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { createFleetPeers, type FleetPeers, RESAMPLE_MILLISECONDS } from "./fleet-peers.ts";

const WEB = testPolicy({ maxUnready: { percent: 50 } });

const pod = (index: number, sidecar: object = {}, rest: object = {}): PodRecord =>
  podOf({
    name: `web-${index}`,
    ip: `10.0.0.${index}`,
    sidecar: { policy: "web", revision: "r", ready: true, port: 19_847, ...sidecar },
    ...rest,
  });
const podsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => pod(first + index));

let peers: FleetPeers;
const ipsOf = (pods: PodRecord[]) => peers.news(WEB, pods).fleet?.peers.map(({ ip }) => ip) ?? [];
/** Whether another sample was taken for these pods, a minute after those of before. */
function isAnother(before: PodRecord[], after: PodRecord[]): boolean {
  peers.news(WEB, before);
  jest.advanceTimersByTime(RESAMPLE_MILLISECONDS);
  const { fleet } = peers.news(WEB, before);
  return JSON.stringify(peers.news(WEB, after).fleet) !== JSON.stringify(fleet);
}

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  peers = createFleetPeers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("carries where the pods of the policy listen, ready or not, and how many they are", () => {
  const pods = [
    pod(1),
    pod(2, { ready: false, port: 19_850 }),
    pod(3, { policy: "other" }),
    pod(4, { port: undefined }),
    pod(5, {}, { ip: undefined }),
    (({ sidecar: _, ...bare }) => bare)(pod(6)),
  ];
  const { fleet, unknown } = peers.news(WEB, pods);
  expect(unknown).toBe(false);
  expect({ ...fleet, peers: fleet?.peers.toSorted((a, b) => a.port - b.port) }).toStrictEqual({
    maxUnready: { percent: 50 },
    pods: 2,
    peers: [
      { ip: "10.0.0.1", port: 19_847 },
      { ip: "10.0.0.2", port: 19_850 },
    ],
  });
});

test("of many pods 16, the same for every leader", () => {
  const pods = podsFrom(1, 200);
  const first = ipsOf(pods);
  expect(first).toHaveLength(16);
  peers = createFleetPeers();
  expect(ipsOf(pods.toReversed())).toStrictEqual(first);
});

test("nothing for a policy that lets every pod go", () => {
  const { fleet, unknown } = peers.news(testPolicy(), podsFrom(1, 3));
  expect([fleet, unknown]).toStrictEqual([undefined, false]);
});

test("nothing is known until the pods are, and of another policy of the name", () => {
  const nothing = { maxUnready: { percent: 50 }, pods: 0, peers: [] };
  expect(peers.news(WEB, undefined)).toMatchObject({ unknown: true, fleet: nothing });
  peers.news(WEB, podsFrom(1, 3));
  expect(peers.news(WEB, undefined)).toMatchObject({ unknown: false, fleet: { pods: 3 } });
  const another = { ...WEB, uid: "another" };
  expect(peers.news(another, undefined)).toMatchObject({ unknown: true, fleet: nothing });
  expect(peers.news(another, podsFrom(1, 2))).toMatchObject({ unknown: false, fleet: { pods: 2 } });
  peers.forget(another);
  expect(peers.news(another, undefined).unknown).toBe(true);
});

test("an edit of the limit counts at once", () => {
  peers.news(WEB, podsFrom(1, 3));
  const edited = testPolicy({ maxUnready: { pods: 1 } });
  expect(peers.news(edited, podsFrom(1, 3)).fleet?.maxUnready).toStrictEqual({ pods: 1 });
});

describe("another sample", () => {
  test.each<[string, PodRecord[], PodRecord[], boolean]>([
    ["nothing has changed", podsFrom(1, 3), podsFrom(1, 3), false],
    ["one of four is another", podsFrom(1, 4), podsFrom(2, 4), false],
    ["one of three is another", podsFrom(1, 3), podsFrom(2, 3), true],
    ["one of three is gone", podsFrom(1, 3), podsFrom(1, 2), true],
    ["the only one is gone", podsFrom(1, 1), [], true],
    ["the first has come", [], podsFrom(1, 1), true],
    ["two have become three", podsFrom(1, 2), podsFrom(1, 3), true],
    ["three have become four", podsFrom(1, 3), podsFrom(1, 4), false],
    ["100 have become 149", podsFrom(1, 100), podsFrom(1, 149), false],
    ["100 have become 150", podsFrom(1, 100), podsFrom(1, 150), true],
    ["one is ready no more", podsFrom(1, 3), [pod(1, { ready: false }), ...podsFrom(2, 2)], false],
  ])("%s", (_name, before, after, want) => {
    expect(isAnother(before, after)).toBe(want);
  });

  test("is taken once a minute at most, and asked for when it may be", () => {
    const first = ipsOf(podsFrom(1, 3));
    jest.advanceTimersByTime(10_000);
    const early = peers.news(WEB, podsFrom(4, 3));
    expect(early.fleet?.peers.map(({ ip }) => ip)).toStrictEqual(first);
    expect(early.againMilliseconds).toBe(RESAMPLE_MILLISECONDS - 10_000);
    jest.advanceTimersByTime(early.againMilliseconds);
    expect(ipsOf(podsFrom(4, 3)).toSorted()).toStrictEqual(["10.0.0.4", "10.0.0.5", "10.0.0.6"]);
    expect(peers.news(WEB, podsFrom(4, 3)).againMilliseconds).toBe(Number.POSITIVE_INFINITY);
  });
});
