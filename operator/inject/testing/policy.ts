/** A policy and settings for tests. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { InjectSettings } from "../settings.ts";

export const SETTINGS: InjectSettings = {
  image: "registry.example/healthpolicy-sidecar:1.0.0",
  imagePullPolicy: "IfNotPresent",
  resources: {
    requests: { cpu: "5m", memory: "32Mi" },
    limits: { cpu: "100m", memory: "64Mi" },
  },
};

/** A policy `web` in namespace `shop` for pods with `app: web`, with `fields` instead of its own. */
export function testPolicy(fields: Partial<EffectivePolicy> = {}): EffectivePolicy {
  return {
    namespace: "shop",
    name: "web",
    uid: "5b9d3f0e-0000-4000-8000-000000000001",
    generation: 3,
    creationTimestamp: "2026-01-01T00:00:00Z",
    selector: { matchLabels: { app: "web" } },
    timing: {
      connectTimeoutMilliseconds: 3_000,
      checkTimeoutMilliseconds: 4_000,
      intervalMilliseconds: 5_000,
      failureThreshold: 2,
      successThreshold: 1,
    },
    probe: { periodSeconds: 2, timeoutSeconds: 5 },
    dependencies: [
      {
        name: "orders-db",
        type: "postgresql",
        impact: "Gate",
        postgresql: {
          host: "orders-db",
          port: 5_432,
          database: "orders",
          credentials: {
            secretName: "orders-db",
            usernameKey: "username",
            passwordKey: "password",
          },
          query: "SELECT 1",
        },
      },
    ],
    ...fields,
  };
}
