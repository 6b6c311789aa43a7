import { kubectlJson } from "./kubectl.ts";
import { onNode, tryOnNode } from "./node.ts";

interface ContainerList {
  items: { status: { containerStatuses: { containerID: string }[] } }[];
}

/** Process ids, on the node, of everything that runs in the first container of the selected pod. */
async function processesOf(namespace: string, selector: string): Promise<string[]> {
  const pods = await kubectlJson<ContainerList>("get", "pods", "-n", namespace, "-l", selector);
  const id = pods.items[0]?.status.containerStatuses[0]?.containerID.replace("containerd://", "");
  if (!id) throw new Error(`no running container for ${selector} in ${namespace}`);
  const list = await onNode(["ctr", "--namespace=k8s.io", "tasks", "ps", id]);
  return list
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter(Boolean);
}

/** Which pod's processes are stopped. */
export interface StoppedPod {
  namespace: string;
  selector: string;
}

/**
 * Stops (SIGSTOP) every process of a pod's container while `during` runs, then lets them go on. The
 * first process is stopped before the others are listed, so that it starts no more of them; one of those
 * may still end of itself in between, as a database's process for a single client does.
 */
export async function withStoppedProcesses(
  pod: StoppedPod,
  during: () => Promise<void>,
): Promise<void> {
  const kill = (name: string, processes: string[]) => ["kill", `-${name}`, ...processes];
  const [first = ""] = await processesOf(pod.namespace, pod.selector);
  let stopped = [first];
  try {
    await onNode(kill("STOP", stopped));
    stopped = await processesOf(pod.namespace, pod.selector);
    await tryOnNode(kill("STOP", stopped)); // fails for one that has ended, and stops the rest
    await during();
  } finally {
    await tryOnNode(kill("CONT", stopped));
  }
}
