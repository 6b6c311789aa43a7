/** For tests: what a status is made from, and what it says in short. */
import { testPolicy } from "../../../api/testing/policy.ts";
import type { ConditionType, HealthPolicyStatus } from "../../../api/v1alpha1-status.ts";
import type { StatusFacts } from "../status.ts";
import { countsOf } from "./counts-of.ts";

const NOW = new Date("2026-02-03T04:05:06.789Z");

/** Those of a policy that is in force. */
export function factsOf(overrides: Partial<StatusFacts> = {}): StatusFacts {
  return {
    namespace: "shop",
    generation: 3,
    resolution: { policy: testPolicy() },
    counts: countsOf(),
    programmed: { state: "yes" },
    newPods: "injected",
    previous: undefined,
    now: NOW,
    ...overrides,
  };
}

/** `status reason` of each condition. */
export function short(status: HealthPolicyStatus): Record<string, string> {
  const entries = status.conditions?.map((c) => [c.type, `${c.status} ${c.reason}`]) ?? [];
  return Object.fromEntries(entries);
}

/** The message of a condition; undefined where the status has no such condition. */
export function message(status: HealthPolicyStatus, type: ConditionType): string | undefined {
  return status.conditions?.find((condition) => condition.type === type)?.message;
}
