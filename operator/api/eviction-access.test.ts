import { expect, test } from "@jest/globals";
import { CHANGED_POLICIES } from "./changed-policies.ts";
import { evictionAccessSpec } from "./eviction-access.ts";

test("it looks at changed specifications that ask for restarts, and refuses where it cannot tell", () => {
  const { validations, matchConditions, ...rest } = evictionAccessSpec();
  const { matchConditions: changed, matchConstraints } = CHANGED_POLICIES;
  expect(rest).toStrictEqual({ failurePolicy: "Fail", matchConstraints });
  expect(matchConditions).toStrictEqual([
    ...changed,
    { name: "asks-for-restarts", expression: "object.spec.?rollout.orValue('') == 'Restart'" },
  ]);
  // What it means is tried with a real API server: test/e2e/eviction-access.test.ts.
  expect(validations).toHaveLength(1);
});
