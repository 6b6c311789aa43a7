import { expect, test } from "@jest/globals";
import type { PolicyRecord } from "../policy/policy-cache.ts";
import { newMemory, noteRefusal, refusedThere, takeIn } from "./rollout-memory.ts";

const memory = () => newMemory({ uid: "u", generation: 3 } as PolicyRecord, "r", 0);

test("where an eviction was refused, the next waits 5 s, then twice as long each time, 2 minutes at most", () => {
  const of = memory();
  const waits = Array.from({ length: 7 }, () => {
    noteRefusal(of, "Deployment/web", { message: "no", now: 0, random: 1 });
    return [1, 5_000, 10_000, 20_000, 40_000, 80_000, 120_000].find(
      (at) => refusedThere(of, "Deployment/web", at) === undefined,
    );
  });
  expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
  expect(refusedThere(of, "Deployment/other", 1)).toBeUndefined();
});

test("an edit ends what was refused or left alone, and not the eviction under way", () => {
  const evicting = {
    workload: "Deployment/web",
    pod: "web-1",
    uid: "x",
    revision: "r",
    pods: 1,
    current: 0,
  };
  const of = memory();
  of.status = { message: "m", evicting, stopped: ["Deployment/a"] };
  noteRefusal(of, "Deployment/web", { message: "no", now: 0, random: 1 });
  takeIn(of, { generation: 3, revision: "r2", now: 7 });
  expect(of.revisionSince).toBe(7);
  expect(of.status.stopped).toEqual(["Deployment/a"]);
  takeIn(of, { generation: 4, revision: "r2", now: 8 });
  expect(of.revisionSince).toBe(7);
  expect(of.status).toEqual({ message: "m", evicting });
  expect(refusedThere(of, "Deployment/web", 1)).toBeUndefined();
});

test("workloads that were not tried for two minutes are not remembered", () => {
  const of = memory();
  for (let pod = 0; pod < 100; pod += 1) {
    noteRefusal(of, `Deployment/web-${pod}`, { message: "no", now: 10_000 * pod, random: 1 });
  }
  expect(of.refusals.size).toBeLessThan(15);
  expect(of.refusals.has("Deployment/web-99")).toBe(true);
});
