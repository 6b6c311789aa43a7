/** Test fixture: the readiness of one pod, with its clock, marks and log in the test's hands. */

import type { DependencyConfig, PolicyFile } from "../../api/policy-file.ts";
import type { PodReason } from "../../api/reasons.ts";
import { TIMING as BUILT_IN } from "../../api/testing/timing.ts";
import type { Timing } from "../../api/timing.ts";
import type { Marks, MarksFile } from "../marks.ts";
import { createReadiness, type Readiness } from "../readiness.ts";
import type { CheckResult } from "../verdict.ts";

/** Times so short that a test can wait for a check's deadline. */
export const TIMING: Timing = {
  ...BUILT_IN,
  connectTimeoutMilliseconds: 30,
  checkTimeoutMilliseconds: 100,
};

export const OK: CheckResult = { ok: true };
export const REFUSED: CheckResult = { ok: false, reason: "ConnectionRefused" };
export const WRONG_PASSWORD: CheckResult = { ok: false, reason: "AuthenticationFailed" };

/** The dependency `db`, with these fields instead of its own. */
export const database = (host = "db", more: Partial<DependencyConfig> = {}): DependencyConfig => ({
  name: "db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { host, query: "SELECT 1" },
  ...more,
});

/** The dependency `cache`. */
export const cache: DependencyConfig = {
  name: "cache",
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "c", port: 1 }], minAvailable: 1 },
};

/** A policy with these dependencies. */
export const policy = (
  dependencies: DependencyConfig[],
  more: Partial<PolicyFile> = {},
): PolicyFile => ({
  policy: "web",
  generation: 1,
  mode: "Enforce",
  timing: TIMING,
  dependencies,
  ...more,
});

/** The marks of a pod that was created at `podStartedAt`. */
export const newMarks = (podStartedAt: number): Marks => ({
  podStartedAt,
  policySeen: false,
  firstReady: false,
  firstPassed: false,
  settled: {},
});

/** Marks of a pod that has just been created, which no file keeps. */
export function marksInMemory(): MarksFile {
  let marks = newMarks(Date.now());
  return {
    current: () => marks,
    update: (change) => {
      marks = { ...marks, ...change };
    },
  };
}

/** One pod. A test sets and reads its fields. */
export interface TestPod {
  readiness: Readiness;
  /** Both clocks, in milliseconds. */
  clock: number;
  marks: Marks;
  /** The log: message, dependency and reason of each line. */
  lines: string[];
  /** Starts the sidecar anew, from the marks that the one before it left. */
  restart(): void;
  /** Takes in results of `db`, one a second. */
  record(...results: CheckResult[]): void;
  /** Whether it is ready, with the passing of time taken in, as the program does after each look at the policy file. */
  ready(): boolean;
  reason(): PodReason | undefined;
}

/** A pod that has just been created. */
export function createTestPod(): TestPod {
  const startedAt = 1_000_000;
  const state = {
    clock: startedAt,
    marks: newMarks(startedAt),
    lines: [] as string[],
  };
  const start = () =>
    createReadiness({
      marks: {
        current: () => state.marks,
        update: (change) => {
          state.marks = { ...state.marks, ...change };
        },
      },
      supportedTypes: ["memcached", "postgresql"],
      log: (_, message, fields) => {
        state.lines.push([message, fields?.dependency, fields?.reason].filter(Boolean).join(" "));
      },
      now: () => ({ monotonic: state.clock, wall: state.clock }),
    });
  const pod: TestPod = Object.assign(state, {
    readiness: start(),
    restart() {
      pod.readiness = start();
    },
    record(...results: CheckResult[]) {
      for (const result of results) {
        pod.readiness.record("db", result, 3);
        pod.clock += 1_000;
      }
    },
    ready() {
      pod.readiness.refresh();
      return pod.readiness.view().verdict.ready;
    },
    reason: () => pod.readiness.view().verdict.reason,
  });
  return pod;
}
