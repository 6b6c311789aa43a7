/**
 * The rule that whoever has pods evicted by a HealthPolicy may evict them himself, as the specification of a
 * ValidatingAdmissionPolicy. Without it, who may write policies and do nothing with pods could have pods of the
 * namespace restarted by edit after edit.
 */
import { CHANGED_POLICIES } from "./changed-policies.ts";

/** `spec` of the ValidatingAdmissionPolicy. */
export function evictionAccessSpec(): Record<string, unknown> {
  return {
    failurePolicy: "Fail",
    ...CHANGED_POLICIES,
    matchConditions: [
      ...CHANGED_POLICIES.matchConditions,
      { name: "asks-for-restarts", expression: "object.spec.?rollout.orValue('') == 'Restart'" },
    ],
    validations: [
      {
        expression:
          "authorizer.group('').resource('pods').subresource('eviction').namespace(request.namespace).check('create').allowed()",
        // A text that is computed from an authorization check is not shown by the API server.
        message:
          "spec.rollout is Restart, and you may not evict pods. Whoever has pods restarted by a HealthPolicy must be allowed to create pods/eviction in its namespace; or write rollout: Manual.",
        reason: "Forbidden",
      },
    ],
  };
}
