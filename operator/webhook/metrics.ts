/** What the webhook counts. */
import { Counter, Histogram, type Registry } from "prom-client";
import { metricSettings } from "../api/metric.ts";
import { OPERATOR_METRICS } from "../api/operator-metrics.ts";

const { injections: INJECTIONS, webhookDuration: DURATION } = OPERATOR_METRICS;

/** Seconds. The API server waits 3 s; an answer from memory takes about a millisecond. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 3];

export interface WebhookMetrics {
  /** Answers by `result` (injected, raised, skipped, error, refused) and `reason`. */
  injections: Counter<"result" | "reason">;
  /** Seconds from the last byte of a review to its answer. */
  duration: Histogram;
}

/** Registers the webhook's metrics; once per registry. */
export function webhookMetrics(registry: Registry): WebhookMetrics {
  return {
    injections: new Counter({
      ...metricSettings(INJECTIONS),
      registers: [registry],
    }),
    duration: new Histogram({
      ...metricSettings(DURATION),
      buckets: BUCKETS_SECONDS,
      registers: [registry],
    }),
  };
}
