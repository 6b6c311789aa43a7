/** In place of the writer of the webhook configuration, where the chart has installed one for every namespace. */
import type { WebhookWriter } from "./apply-webhook-configuration.ts";

/**
 * Writes nothing, and calls that a write each time: after a write the leader proves that API servers get through to the
 * webhook.
 */
export const CHARTS_CONFIGURATION: WebhookWriter = {
  write: async () => true,
  writeAgain: () => undefined,
  whyUnwritten: () => undefined,
  // It stands for all namespaces, from before the first policy.
  listedFor: () => Number.POSITIVE_INFINITY,
};
