/** Which edits of a policy make running pods outdated. */
import { describe, expect, test } from "@jest/globals";
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { type DependencyConfig, POLICY_FILE_FORMAT } from "../api/policy-file.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { currentRevisions, revisionOf, revisionsInAnyFormat } from "./revision.ts";

const POLICY = testPolicy();
const [DATABASE] = POLICY.dependencies as [DependencyConfig];
const CACHE: DependencyConfig = {
  name: "sessions",
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "cache-0", port: 11_211 }], minAvailable: 1 },
};
const SECOND: DependencyConfig = {
  name: "reports-db",
  type: "postgresql",
  impact: "Observe",
  postgresql: { connectionString: { secretName: "a-reports", key: "url" }, query: "SELECT 1" },
};

test("a revision is 16 hexadecimal digits", () => {
  expect(revisionOf(POLICY)).toMatch(/^[0-9a-f]{16}$/);
});

describe("pods stay current after", () => {
  test.each<[string, Partial<EffectivePolicy>]>([
    ["a new generation", { generation: 9 }],
    ["another time of the checks", { timing: { ...POLICY.timing, intervalMilliseconds: 9_000 } }],
    ["a dependency without Secret", { dependencies: [DATABASE, CACHE] }],
    ["another impact", { dependencies: [{ ...DATABASE, impact: "Observe" }] }],
    ["another selector", { selector: {} }],
    ["a dry run", { mode: "DryRun" }],
    ["resources that say nothing", { sidecarResources: { requests: {}, limits: {} } }],
    ["Align in a dry run", { mode: "DryRun", application: { probes: "Align" } }],
  ])("%s", (_, edit) => {
    expect(revisionOf({ ...POLICY, ...edit })).toBe(revisionOf(POLICY));
  });

  test("dependencies that only change places", () => {
    const dependencies = [DATABASE, SECOND];
    expect(revisionOf({ ...POLICY, dependencies: dependencies.toReversed() })).toBe(
      revisionOf({ ...POLICY, dependencies }),
    );
  });
});

describe("pods are outdated after", () => {
  test.each<[string, Partial<EffectivePolicy>]>([
    ["another name", { name: "other" }],
    ["another probe period", { probe: { ...POLICY.probe, periodSeconds: 3 } }],
    ["another probe timeout", { probe: { ...POLICY.probe, timeoutSeconds: 6 } }],
    ["a new Secret", { dependencies: [DATABASE, SECOND] }],
    ["no Secret any more", { dependencies: [CACHE] }],
    ["a limit of the sidecar", { sidecarResources: { limits: { memory: "96Mi" } } }],
    ["a request of the sidecar", { sidecarResources: { requests: { cpu: "96m" } } }],
    ["Align", { application: { probes: "Align" } }],
  ])("%s", (_, edit) => {
    expect(revisionOf({ ...POLICY, ...edit })).not.toBe(revisionOf(POLICY));
  });
});

describe("the format of the policy file", () => {
  test("that sidecars learn anew makes the pods of those before outdated", () => {
    expect(revisionOf(POLICY, POLICY_FILE_FORMAT + 1)).not.toBe(revisionOf(POLICY));
  });

  test("is part of the revision as this version writes it", () => {
    expect(revisionOf(POLICY, POLICY_FILE_FORMAT)).toBe(revisionOf(POLICY));
  });
});

test("an upgrade of the operator to another format, or the way back, is no reason to restart pods", () => {
  const formats = [1, POLICY_FILE_FORMAT, POLICY_FILE_FORMAT + 1];
  for (const format of formats) {
    expect(revisionsInAnyFormat(POLICY)).toContain(revisionOf(POLICY, format));
  }
  const dryRun: EffectivePolicy = { ...POLICY, mode: "DryRun", application: { probes: "Align" } };
  expect(revisionsInAnyFormat(dryRun)).toEqual(expect.arrayContaining(currentRevisions(dryRun)));
  expect(revisionsInAnyFormat(POLICY)).not.toContain(revisionOf({ ...POLICY, name: "other" }));
});

test("each request and limit of the sidecar has a revision of its own, in whatever order they stand", () => {
  const asked = [
    { requests: { cpu: "100m" } },
    { limits: { cpu: "100m" } },
    { requests: { cpu: "100m", memory: "64Mi" } },
    { requests: { memory: "64Mi", cpu: "100m" } },
  ];
  const revisions = asked.map((sidecarResources) => revisionOf({ ...POLICY, sidecarResources }));
  expect(new Set([...revisions, revisionOf(POLICY)]).size).toBe(4);
  expect(revisions[2]).toBe(revisions[3]);
});

test("a revision that asks for nothing new is that of earlier versions", () => {
  // Otherwise an upgrade of the operator would make every pod of a cluster outdated.
  expect(revisionOf(POLICY)).toBe("6986cabb94da2fd0");
});
