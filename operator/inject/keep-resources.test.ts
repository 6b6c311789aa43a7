/** What becomes of the sidecar's resources on a later call. */
import { describe, expect, test } from "@jest/globals";
import { keepResources } from "./keep-resources.ts";
import type { Resources } from "./pod.ts";
import { SETTINGS } from "./testing/settings.ts";

const USUAL = SETTINGS.resources;
const requests = { ...USUAL.requests };
const limits = { ...USUAL.limits };
/** What a first call would give the pod now, which has become Guaranteed. */
const OURS = { requests: limits, limits };

const kept = (standing: Resources, pod?: Resources) =>
  keepResources(standing, { ours: OURS, usual: USUAL, pod });

describe("the usual is untouched, and makes room for what the pod needs now", () => {
  test.each<[string, Resources]>([
    ["as it was written", { requests, limits }],
    ["as an API server writes it", { requests: { ...requests, memory: "32768Ki" }, limits }],
    ["in a pod that states huge pages", { requests, limits }],
  ])("%s", (_, standing) => {
    expect(kept(standing, { limits: { "hugepages-2Mi": "4Mi" } })).toStrictEqual(OURS);
  });

  test("and what others added stays", () => {
    const claims = [{ name: "gpu" }];
    const storage = { "ephemeral-storage": "1Gi" };
    const standing = { requests, limits: { ...limits, ...storage }, claims };
    expect(kept(standing)).toStrictEqual({
      requests: limits,
      limits: { ...limits, ...storage },
      claims,
    });
  });
});

describe("what others decided stays", () => {
  test.each<[string, Resources]>([
    ["another request", { requests: { ...requests, cpu: "6m" }, limits }],
    ["another limit", { requests, limits: { ...limits, memory: "65Mi" } }],
    ["no limit of CPU", { requests, limits: { memory: limits.memory } }],
    ["no quantities", { requests: { cpu: "x", memory: "x" }, limits: { cpu: "x", memory: "x" } }],
  ])("%s", (_, standing) => {
    expect(kept(standing)).toStrictEqual(standing);
  });

  // Koordinator's webhook does that to batch pods, which are BestEffort by it. With ours beside it they were Burstable.
  test("CPU and memory moved to resources of other names", () => {
    const moved = { "kubernetes.io/batch-cpu": "5", "kubernetes.io/batch-memory": "32Mi" };
    const standing = { requests: moved, limits: moved };
    expect(kept(standing)).toStrictEqual(standing);
    const beside = { requests: { ...requests, "example.com/gpu": "1" }, limits };
    expect(kept(beside)).toMatchObject(OURS);
    expect(kept({ limits: { "ephemeral-storage": "1Gi" } })).toMatchObject(OURS);
  });

  test("and ours fills in a resource of which they say nothing", () => {
    expect(kept({ limits: { cpu: "8" } })).toStrictEqual({
      requests: { memory: limits.memory },
      limits: { cpu: "8", memory: limits.memory },
    });
  });
});

// More could be more than the pod's amounts, which grew by ours once or were set by others since.
describe("in a pod that states a resource for the whole of it", () => {
  test("all stays as it is", () => {
    expect(kept({ requests, limits }, { limits: { cpu: "1" } })).toStrictEqual({
      requests,
      limits,
    });
  });

  test("nothing is filled in of that resource", () => {
    expect(kept({}, { requests: { cpu: "1" } })).toStrictEqual({
      requests: { memory: limits.memory },
      limits: { memory: limits.memory },
    });
  });
});
