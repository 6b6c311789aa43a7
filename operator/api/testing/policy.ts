/** A policy for tests, as the API server gives it and with every default filled in. */
import { type EffectivePolicy, effectivePolicy } from "../effective-policy.ts";
import type { HealthPolicy, HealthPolicySpec, ObjectMeta } from "../v1alpha1.ts";

/** The HealthPolicy `shop/web` for pods with `app: web`, with these fields instead of its own. */
export function rawPolicy(
  metadata: Partial<ObjectMeta> = {},
  spec: Partial<HealthPolicySpec> = {},
): HealthPolicy {
  return {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: {
      namespace: "shop",
      name: "web",
      uid: "5b9d3f0e-0000-4000-8000-000000000001",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      resourceVersion: "10",
      ...metadata,
    },
    spec: {
      selector: { matchLabels: { app: "web" } },
      dependencies: [
        {
          name: "orders-db",
          postgresql: {
            host: "orders-db",
            database: "orders",
            credentials: { secretName: "orders-db" },
          },
        },
      ],
      ...spec,
    },
  };
}

/** The same policy, resolved, with `fields` instead of its own. */
export function testPolicy(fields: Partial<EffectivePolicy> = {}): EffectivePolicy {
  const resolution = effectivePolicy(rawPolicy());
  if ("invalid" in resolution) throw new Error(resolution.invalid);
  return { ...resolution.policy, ...fields };
}
