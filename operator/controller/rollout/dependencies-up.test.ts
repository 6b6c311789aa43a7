/** What sidecars have to say before a pod is evicted. */
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import type { PodRecord } from "../pods/pod-record.ts";
import { MOST_ASKED } from "../sidecars/sidecar-reports.ts";
import { whyDependenciesWait } from "./dependencies-up.ts";
import { currentPod, pod, RESTART } from "./testing/rollout-facts.ts";

const UP = { name: "orders-db", gating: false, up: true };
const DOWN = { name: "orders-db", gating: true, up: false, reason: "ConnectionRefused" };

/** The body of a sidecar's /status. */
const says = (dependency: object, rest: object = {}) =>
  JSON.stringify({ policy: "web", dependencies: [dependency], ...rest });

function askable(name: string, overrides: Partial<PodRecord> = {}): PodRecord {
  const sidecar = { policy: "web", revision: "r", ready: true, port: 19_847 };
  return currentPod(name, { sidecar, ...overrides });
}

afterEach(() => {
  jest.useRealTimers();
});

/** What comes of one pod whose sidecar says this. */
const of = (text: string | undefined) =>
  whyDependenciesWait(RESTART, [askable("web-1")], async () => text);

describe("a sidecar says", () => {
  test.each<[string, string | undefined, string | undefined]>([
    ["that all is up", says(UP), undefined],
    [
      "that one is down",
      says(DOWN),
      "Waits: orders-db is down (ConnectionRefused), as pod web-1 says.",
    ],
    [
      "that one that is only observed is down",
      says({ ...DOWN, gating: false }),
      "Waits: orders-db is down (ConnectionRefused), as pod web-1 says.",
    ],
    [
      "that one is down and not why",
      says({ ...DOWN, reason: undefined }),
      "Waits: orders-db is down, as pod web-1 says.",
    ],
    ["that only a restart helps", says({ ...DOWN, reason: "NeedsRestart" }), undefined],
    ["that it is too old", says({ ...DOWN, reason: "Unsupported" }), undefined],
    [
      "that it has not checked yet",
      says({ ...UP, up: null }),
      "Waits: pod web-1 has not checked orders-db yet.",
    ],
    [
      "not whether it is up",
      says({ name: "orders-db", gating: false }),
      "Waits: pod web-1 has not checked orders-db yet.",
    ],
    ...[
      ["nothing", undefined],
      ["nonsense", "<html>"],
      ["what fits another policy", says(UP, { policy: "other" })],
      ["what fits a dry run", says(UP, { wouldBeReady: true })],
      ["what the policy does not have", says({ ...UP, name: "removed" })],
    ].map(([what, text]): [string, string | undefined, string] => [
      String(what),
      text,
      "Waits: the sidecar of pod web-1 does not say how the dependencies are.",
    ]),
  ])("%s", async (_, text, expected) => {
    expect(await of(text)).toBe(expected);
  });
});

test("one pod that says so is enough, and then no more pods are asked", async () => {
  const pods = Array.from({ length: 100 }, (_, index) =>
    askable(`web-${index}`, { ip: `10.0.0.${index}` }),
  );
  let asked = 0;
  const wait = await whyDependenciesWait(RESTART, pods, async ({ ip }) => {
    asked += 1;
    return says(ip === "10.0.0.3" ? DOWN : UP);
  });
  expect(wait).toContain("pod web-3 says");
  expect(asked).toBe(4);
});

test("of very many pods a sample is asked", async () => {
  const pods = Array.from({ length: 1_000 }, (_, index) => askable(`web-${index}`));
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return says(UP);
  };
  expect(await whyDependenciesWait(RESTART, pods, ask)).toBeUndefined();
  expect(asked).toBe(MOST_ASKED);
});

test("sidecars that answer slowly, each within its time, do not keep the question open", async () => {
  jest.useFakeTimers();
  const pods = Array.from({ length: 100 }, (_, index) => askable(`web-${index}`));
  const ask = async () => {
    jest.advanceTimersByTime(900);
    return says(UP);
  };
  expect(await whyDependenciesWait(RESTART, pods, ask)).toBe(
    "Waits: the sidecars take too long to answer.",
  );
});

test("who is asked: pods that follow the policy; before one of them runs, it waits", async () => {
  const never = () => Promise.reject(new Error("asked"));
  const others = [
    pod("web-1"),
    askable("web-2", { sidecar: { policy: "other", revision: "r", ready: true, port: 19_847 } }),
    askable("web-3", { terminating: true }),
  ];
  expect(await whyDependenciesWait(RESTART, others, never)).toBeUndefined();
  const starting = [...others, currentPod("web-4")];
  expect(await whyDependenciesWait(RESTART, starting, never)).toBe(
    "Waits until the first sidecar of the policy runs.",
  );
});
