/** What is counted while it happens: calls to the API server, the leader's work, and Events. */
import { Counter, Histogram, type Registry } from "prom-client";
import { EVENT_REASONS } from "../api/event-reasons.ts";
import { metricSettings } from "../api/metric.ts";
import { OPERATOR_METRICS } from "../api/operator-metrics.ts";
import { EVENT_RESULTS, type EventRecorderOptions } from "./events/event-recorder.ts";
import type { ApiCall } from "./kube/api-call.ts";
import type { QueueObserver } from "./kube/queue.ts";
import type { WorkItem } from "./work-item.ts";

const {
  apiCalls: CALLS,
  queueLatency: LATENCY,
  reconcileErrors: ERRORS,
  events: EVENTS,
} = OPERATOR_METRICS;

/** Seconds. Work begins at once, unless four other pieces are slow or API servers limit their calls. */
const BUCKETS_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60];

/** Every kind of work: the compiler asks for one that is new. */
const KINDS = {
  policy: true,
  rollout: true,
  clusterPolicy: true,
  webhookConfiguration: true,
  webhookProof: true,
  nudgeProof: true,
  certificate: true,
  imagePulls: true,
} satisfies Record<WorkItem["kind"], true>;

/** Takes what happens. */
export interface WorkMetrics {
  onCall: (call: ApiCall) => void;
  observer: QueueObserver<WorkItem>;
  onEventResult: NonNullable<EventRecorderOptions["onResult"]>;
}

/** Registers the metrics of calls, work and Events; once per registry. */
export function workMetrics(registry: Registry): WorkMetrics {
  const registers = [registry];
  const calls = new Counter({
    ...metricSettings(CALLS),
    registers,
  });
  const latency = new Histogram({
    ...metricSettings(LATENCY),
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const errors = new Counter({
    ...metricSettings(ERRORS),
    registers,
  });
  const events = new Counter({
    ...metricSettings(EVENTS),
    registers,
  });
  // From 0 on: of a series that begins with its first failure, Prometheus sees no increase.
  for (const kind of Object.keys(KINDS)) errors.inc({ kind }, 0);
  for (const reason of Object.keys(EVENT_REASONS)) {
    for (const result of EVENT_RESULTS) events.inc({ reason, result }, 0);
  }
  return {
    onCall: ({ verb, code }) => calls.inc({ verb, code: code === undefined ? "none" : `${code}` }),
    observer: {
      onStart: ({ kind }, waitedSeconds) => latency.observe({ kind }, waitedSeconds),
      onFailure: ({ kind }) => errors.inc({ kind }),
    },
    onEventResult: (reason, result) => events.inc({ reason, result }),
  };
}
