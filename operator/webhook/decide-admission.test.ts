/** Warnings beside a decision, and pods that state less than most. Answers as a whole are in admit.test.ts. */
import { expect, test } from "@jest/globals";
import { INJECT_LABEL } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import type { Pod } from "../inject/pod.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { decideAdmission } from "./decide-admission.ts";

const ALL = testPolicy({ selector: {} });

function decide(pod: Pod, policies = [ALL]) {
  const knowledge = {
    policies: () => policies,
    heldBack: () => undefined,
    service: () => undefined,
    namespaceOptedOut: () => false,
    namespaceAnnotations: () => ({}),
    settings: SETTINGS,
    ownNamespace: "healthpolicy-system",
  };
  return decideAdmission({ uid: "1", namespace: "shop", pod }, knowledge);
}

test("a pod without metadata has no labels, and belongs to a policy that selects all", () => {
  expect(decide({})).toMatchObject({ result: "injected", warnings: [] });
  expect(decide({}, [testPolicy()])).toMatchObject({ reason: "NoMatchingPolicy" });
});

test("of more than two policies the second is named and the others are counted", () => {
  const policies = ["2025", "2026", "2027", "2028"].map((year) => ({
    ...ALL,
    name: `of-${year}`,
    creationTimestamp: `${year}-01-01T00:00:00Z`,
  }));
  expect(decide({}, policies).warnings).toStrictEqual([
    "HealthPolicy of-2025 applies to this pod, not the younger of-2026 (and 2 more), which matches it too",
  ]);
});

test("the label that opts out is no value to be warned of", () => {
  expect(decide({ metadata: { labels: { [INJECT_LABEL]: "false" } } }).warnings).toStrictEqual([
    `HealthPolicy web matches this pod, but it gets no sidecar: The pod's label ${INJECT_LABEL}: "false" opts it out.`,
  ]);
});

test("no more of a label is quoted than a label can hold", () => {
  const [warning] = decide({ metadata: { labels: { [INJECT_LABEL]: "y".repeat(64) } } }).warnings;
  expect(warning).toContain(`value "${"y".repeat(63)}" ignored`);
});
