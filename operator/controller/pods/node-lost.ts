/** Whether a pod's status is what its node said last before it went silent. Pure. */

/** A condition of a pod, as far as it is looked at. */
export interface PodCondition {
  type?: string;
  status?: string;
  reason?: string;
}

/**
 * Whether Kubernetes' node lifecycle controller has made a ready pod unready (its `MarkPodsNotReady`), as it does 50 s
 * after a node's last sign of life: its `--node-monitor-grace-period`, which was 40 s before Kubernetes 1.32
 * (kubernetes/kubernetes#126287). It changes the status of the condition Ready alone: containers stay ready as they
 * were said to be, and no reason is given, which a kubelet that says "not ready" always does. Of a pod that was unready
 * before, nothing tells it.
 */
export function isNodeLost(conditions: readonly PodCondition[] = []): boolean {
  const of = (wanted: string) => conditions.find(({ type }) => type === wanted);
  const ready = of("Ready");
  return ready?.status === "False" && !ready.reason && of("ContainersReady")?.status === "True";
}
