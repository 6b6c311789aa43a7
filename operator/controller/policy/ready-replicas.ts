/** Which pods are replicas of this operator. Pure. */
import type { PodRecord } from "../pods/pod-record.ts";

const SIBLING_LABELS = [
  "app.kubernetes.io/name",
  "app.kubernetes.io/instance",
  "app.kubernetes.io/component",
];

/** The ready replicas of this operator, itself included: pods that carry the same labels as `self`. */
export function readyReplicas(pods: readonly PodRecord[], self: string): PodRecord[] {
  const own = pods.find(({ name }) => name === self);
  if (!own) return [];
  return pods.filter(
    ({ labels, ready, ip }) =>
      ready && ip !== undefined && SIBLING_LABELS.every((key) => labels[key] === own.labels[key]),
  );
}
