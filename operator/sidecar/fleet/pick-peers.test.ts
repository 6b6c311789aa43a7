import { expect, test } from "@jest/globals";
import { MOST_ASKED_PEERS, pickPeers } from "./pick-peers.ts";

const peers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ip: `10.0.0.${index + 1}`, port: 19_847 }));
const ipsOf = (own: string, count = 16) => pickPeers(peers(count), [own]).map(({ ip }) => ip);

test("never this pod itself, and all others of a small fleet", () => {
  expect(ipsOf("10.0.0.2", 3).sort()).toStrictEqual(["10.0.0.1", "10.0.0.3"]);
  expect(ipsOf("10.0.0.1", 1)).toStrictEqual([]);
});

test("some of many: the same each time, others than another pod asks, and each is asked by some", () => {
  expect(ipsOf("10.9.0.1")).toHaveLength(MOST_ASKED_PEERS);
  expect(ipsOf("10.9.0.1")).toStrictEqual(ipsOf("10.9.0.1"));
  expect(ipsOf("10.9.0.1").sort()).not.toStrictEqual(ipsOf("10.9.0.2").sort());
  const asked = Array.from({ length: 100 }, (_, index) => ipsOf(`10.9.1.${index}`)).flat();
  const often = peers(16).map(({ ip }) => asked.filter((one) => one === ip).length);
  expect(Math.min(...often)).toBeGreaterThan(30);
  expect(Math.max(...often)).toBeLessThan(70);
});

test("one that is gone from the sample changes who else is asked by one at most", () => {
  const before = new Set(ipsOf("10.9.0.1", 16));
  const after = ipsOf("10.9.0.1", 15);
  expect(after.filter((ip) => !before.has(ip)).length).toBeLessThanOrEqual(1);
});
