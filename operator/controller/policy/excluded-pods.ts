/** How the pods of a namespace count in which no pod is injected. Pure. */
import type { PodRecord } from "../pods/pod-record.ts";

/**
 * Those without the sidecar are skipped: who counts them as missing it advises a restart that never helps, and the
 * alert on such pods never ends. Those that have it, from before, follow their policy still and count as ever.
 */
export function excludedPods(pods: readonly PodRecord[], message: string): readonly PodRecord[] {
  const skipped = { reason: "NamespaceExcluded", message } as const;
  return pods.map((pod) => (pod.sidecar || pod.skipped ? pod : { ...pod, skipped }));
}
