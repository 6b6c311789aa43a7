/** For tests: what a webhook decides by. */
import { testPolicy } from "../../api/testing/policy.ts";
import { SETTINGS } from "../../inject/testing/settings.ts";
import type { Knowledge } from "../decide-admission.ts";

/** One policy, and nothing that speaks against an injection, unless `other` says otherwise. */
export function testKnowledge(other: Partial<Knowledge> = {}): Knowledge {
  return {
    policies: () => [testPolicy()],
    heldBack: () => undefined,
    service: () => undefined,
    namespaceOptedOut: () => false,
    standards: () => [],
    namespaceAnnotations: () => ({}),
    settings: SETTINGS,
    ownNamespace: "healthpolicy-system",
    ...other,
  };
}
