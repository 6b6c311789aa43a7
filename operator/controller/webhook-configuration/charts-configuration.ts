/** In place of the writer of the webhook configuration, where the chart has installed one for every namespace. */
import type { WebhookWriter } from "./apply-webhook-configuration.ts";

/**
 * Writes nothing. Each time that something would have been written counts as a write, for what follows one: the proof
 * that API servers get here.
 */
export const CHARTS_CONFIGURATION: WebhookWriter = {
  write: async () => true,
  writeAgain: () => undefined,
  whyUnwritten: () => undefined,
  // It stands for all namespaces, from before the first policy.
  listedFor: () => Number.POSITIVE_INFINITY,
};
