/**
 * A policy of a later version as API servers give it out after the way back to this one: without the fields that this
 * version's definition lacks. What the operator writes of it is read as the sidecar reads it.
 */
import { expect, test } from "@jest/globals";
import { effectivePolicy } from "./api/effective-policy.ts";
import { POLICY_FILE } from "./api/names.ts";
import { rawPolicy } from "./api/testing/policy.ts";
import type { HealthPolicySpec } from "./api/v1alpha1.ts";
import { policyConfigMap } from "./controller/policy/configmap.ts";
import { parsePolicyFile } from "./sidecar/policy-file/parse-policy-file.ts";

function readBySidecars(dependencies: HealthPolicySpec["dependencies"]) {
  const resolution = effectivePolicy(rawPolicy({}, { dependencies }));
  if (!("policy" in resolution)) throw new Error(resolution.invalid);
  return parsePolicyFile(policyConfigMap(resolution.policy).data[POLICY_FILE] ?? "");
}

test("a dependency whose type is gone is one that sidecars do not know, and the others count", () => {
  const ring = { name: "sessions", memcached: { servers: [{ host: "cache" }] } };
  const read = readBySidecars([{ name: "queue" }, { name: "orders", impact: "Gate" }, ring]);
  expect(read).toMatchObject({
    dependencies: [
      { name: "queue", type: "unknown", impact: "Observe" },
      { name: "orders", type: "unknown", impact: "Gate" },
      { name: "sessions", type: "memcached", impact: "Gate" },
    ],
  });
});
