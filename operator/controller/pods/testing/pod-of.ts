/** For tests: a pod with what a test does not care about filled in. */
import { testPolicy } from "../../../api/testing/policy.ts";
import { revisionOf } from "../../../inject/revision.ts";
import type { PodRecord } from "../pod-record.ts";

/** A pod that the policy selects and that runs what it asks for. */
export function podOf(overrides: Partial<PodRecord> = {}): PodRecord {
  const policy = testPolicy();
  return {
    namespace: "shop",
    name: "web-1",
    uid: "uid-of-web-1",
    labels: { app: "web" },
    restartTarget: "deployment/web",
    controller: undefined,
    skipped: undefined,
    sidecar: { policy: policy.name, revision: revisionOf(policy), ready: true },
    ip: "10.0.0.1",
    ready: true,
    created: 0,
    judged: { workload: "Deployment/web", probes: {} },
    ...overrides,
  };
}
