/** What admission policies about HealthPolicies look at: those whose specification is written or changed. */
import { GROUP, HEALTH_POLICIES, VERSION } from "./names.ts";

/**
 * The part of a ValidatingAdmissionPolicy's `spec` that says so. Any change of the specification counts: a new host
 * beside an old Secret is an attack. Labels and annotations alone need no right on Secrets and are worth no warning.
 */
export const CHANGED_POLICIES = {
  matchConstraints: {
    resourceRules: [
      {
        apiGroups: [GROUP],
        // Equivalent, the default, converts requests of other versions into this one.
        apiVersions: [VERSION],
        operations: ["CREATE", "UPDATE"],
        resources: [HEALTH_POLICIES],
      },
    ],
  },
  matchConditions: [
    {
      name: "specification-changes",
      expression: "request.operation == 'CREATE' || object.spec != oldObject.spec",
    },
  ],
};
