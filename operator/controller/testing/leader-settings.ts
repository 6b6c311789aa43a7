/** What of an installation a leader reads, for tests. */
import type { OperatorSettings } from "../settings.ts";

export const LEADER_SETTINGS = {
  podName: "operator-1",
  namespace: "system",
  webhookPort: 1,
  webhookService: "webhook",
  webhookTimeoutSeconds: 3,
  evictionsPerMinute: 10,
  certificateSecret: "certificate",
  webhookConfigurationOwner: "operator",
  clusterRole: "the-role",
  inject: { image: "sidecar:1" },
} as OperatorSettings;
