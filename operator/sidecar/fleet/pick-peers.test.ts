import { expect, test } from "@jest/globals";
import { isPeerAddress, MOST_ASKED_PEERS, pickPeers } from "./pick-peers.ts";

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

test.each([
  ["10.244.0.7", true],
  ["fd12::7", true],
  ["127.0.0.1", false],
  ["127.9.9.9", false],
  ["::1", false],
  ["::ffff:127.0.0.1", false],
  ["0.0.0.0", false],
  ["169.254.169.254", false],
  ["fe80::1", false],
  ["224.0.0.1", false],
  ["fd00:ec2::254", false],
  ["64:ff9b::169.254.169.254", false],
  ["orders-db", false],
  ["fe80::1%eth0", false],
])("%s: asked %s", (ip, want) => {
  expect(isPeerAddress(ip)).toBe(want);
});
