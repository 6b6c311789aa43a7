import { expect, test } from "@jest/globals";
import type { FleetLook } from "./dependency-transitions.ts";
import {
  dependencyTransitionText,
  manyPodsText,
  podTransitionText,
  spanText,
} from "./transition-texts.ts";

const NOW = Date.parse("2026-01-02T03:06:15.000Z");
const SINCE = "2026-01-02T03:04:05.000Z";
const HOLDS = [
  { name: "orders-db", reason: "ConnectionRefused" as const, since: NOW - 12_000 },
  { name: "sessions", reason: "TooFewServers" as const, since: NOW - 130_000 },
];

test.each([
  [0, "0s"],
  [499, "0s"],
  [-5_000, "0s"],
  [12_000, "12s"],
  [59_600, "1m"],
  [130_000, "2m10s"],
  [3_600_000, "1h"],
  [3_605_000, "1h"],
  [11_100_000, "3h5m"],
  [90_000_000, "1d1h"],
])("%d ms: %s", (milliseconds, text) => {
  expect(spanText(milliseconds)).toBe(text);
});

test("of a pod", () => {
  const pod = { uid: "a" };
  const unready = podTransitionText({ to: "unready", pod, holds: HOLDS }, NOW);
  expect(unready).toBe("orders-db: ConnectionRefused for 12s, sessions: TooFewServers for 2m10s");
  const ready = podTransitionText({ to: "ready", pod, holds: HOLDS }, NOW);
  expect(ready).toBe("orders-db after 12s, sessions after 2m10s");
});

test("of many pods", () => {
  const unready = manyPodsText({ to: "unready", pod: 0, holds: HOLDS });
  expect(unready).toBe("orders-db: ConnectionRefused, sessions: TooFewServers");
  expect(manyPodsText({ to: "ready", pod: 0, holds: HOLDS })).toBe("orders-db, sessions");
});

const fleet = (running: number, asked: number, unknown: number): FleetLook => ({
  declared: new Map(),
  ...{ running, ready: 0, toAsk: asked, asked, unknown, dependencies: [] },
});

test.each([
  [fleet(1, 1, 0), "in the only pod that follows the policy"],
  [fleet(3, 3, 0), "in all 3 pods"],
  [fleet(3, 3, 1), "in all 3 pods, 2 of which were heard"],
  [fleet(1_000, 200, 0), "in all 1000 pods, 200 of which were heard"],
])("of all pods", (look, pods) => {
  const dependency = {
    ...{ name: "orders-db", failingPods: 1, reason: "ConnectTimeout" as const, examples: [] },
    since: SINCE,
  };
  const transition = { to: "down" as const, name: "orders-db", dependency };
  expect(dependencyTransitionText(transition, look, NOW)).toBe(
    `orders-db: ConnectTimeout for 2m10s, ${pods}`,
  );
  const timeless = { ...transition, dependency: { ...dependency, since: undefined } };
  expect(dependencyTransitionText(timeless, look, NOW)).toBe(`orders-db: ConnectTimeout, ${pods}`);
  expect(dependencyTransitionText({ ...transition, to: "up" }, look, NOW)).toBe(
    "orders-db keeps no pod unready any more, after 2m10s",
  );
});
