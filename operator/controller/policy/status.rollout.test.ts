/** What a status says of a rollout. */
import { expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { policyStatus } from "./status.ts";
import { countsOf } from "./testing/counts-of.ts";
import { factsOf, message } from "./testing/status-facts.ts";

const ROLLOUT = { message: "Waits for Deployment/web: 1 of 3 pods is not ready." };

test.each([
  [
    "without the sidecar",
    { injected: 1, predating: ["deployment/web"] },
    "2 of 3 matching pods run without the sidecar. rollout: Waits for Deployment/web: 1 of 3 pods is not ready.",
  ],
  [
    "that are outdated",
    { outdated: 2, outdatedWorkloads: ["deployment/web"] },
    "2 of 3 pods run what an earlier policy asked for. rollout: Waits for Deployment/web: 1 of 3 pods is not ready.",
  ],
])("of pods %s it says what is waited for, and not how to restart them", (_, counts, expected) => {
  const status = policyStatus(factsOf({ counts: countsOf(counts), rollout: ROLLOUT }));
  expect(message(status, "PodsCurrent")).toBe(expected);
  expect(status.rollout).toEqual(ROLLOUT);
});

test("nothing where there is nothing to say", () => {
  expect(policyStatus(factsOf())).not.toHaveProperty("rollout");
});

test("the value in force and where it comes from", () => {
  const policy = testPolicy({ rollout: "Restart" });
  const status = policyStatus(factsOf({ resolution: { policy } }));
  expect(status.effective?.rollout).toEqual({ value: "Restart", source: "built-in" });
});
