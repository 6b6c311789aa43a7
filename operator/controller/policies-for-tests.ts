/** For tests: policies and pods with what a test does not care about filled in. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { revisionOf } from "../inject/revision.ts";
import { NO_PODS, type PodCounts } from "./pod-counts.ts";
import type { PodRecord } from "./pods.ts";
import type { KubeObject } from "./watch.ts";

/** A policy with the default times. */
export function policyOf(overrides: Partial<EffectivePolicy> = {}): EffectivePolicy {
  return {
    namespace: "shop",
    name: "web",
    uid: "uid-of-web",
    generation: 3,
    creationTimestamp: "2026-01-01T00:00:00Z",
    selector: { matchLabels: { app: "web" } },
    timing: {
      connectTimeoutMilliseconds: 3_000,
      checkTimeoutMilliseconds: 4_000,
      intervalMilliseconds: 5_000,
      failureThreshold: 2,
      successThreshold: 1,
    },
    probe: { periodSeconds: 2, timeoutSeconds: 5 },
    dependencies: [
      {
        name: "sessions",
        type: "memcached",
        impact: "Gate",
        memcached: { servers: [{ host: "cache", port: 11_211 }], minAvailable: 1 },
      },
    ],
    ...overrides,
  };
}

/** A pod that the policy selects and that runs what it asks for. */
export function podOf(overrides: Partial<PodRecord> = {}): PodRecord {
  const policy = policyOf();
  return {
    namespace: "shop",
    name: "web-1",
    labels: { app: "web" },
    workload: "deployment/web",
    skipped: false,
    sidecar: { policy: policy.name, revision: revisionOf(policy), ready: true },
    ip: "10.0.0.1",
    ready: true,
    ...overrides,
  };
}

/** Counts of a policy whose three pods are as they should be. */
export function countsOf(overrides: Partial<PodCounts> = {}): PodCounts {
  return { ...NO_PODS, matched: 3, injected: 3, ...overrides };
}

/** A HealthPolicy as the API server gives it. */
export function rawPolicy(metadata: object = {}, spec: object = {}): KubeObject {
  const object = {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: {
      namespace: "shop",
      name: "web",
      uid: "uid-of-web",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      resourceVersion: "10",
      ...metadata,
    },
    spec: {
      selector: { matchLabels: { app: "web" } },
      dependencies: [
        { name: "sessions", memcached: { servers: [{ host: "cache", port: 11_211 }] } },
      ],
      ...spec,
    },
  };
  return object;
}
