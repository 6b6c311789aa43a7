import { kubectlJson } from "./kubectl.ts";
import { onNode, tryOnNode } from "./node.ts";

interface ContainerStatus {
  name: string;
  containerID: string;
}

interface ContainerList {
  items: {
    status: { containerStatuses: ContainerStatus[]; initContainerStatuses?: ContainerStatus[] };
  }[];
}

/** Process ids, on the node, of everything that runs in a container of the selected pods. */
async function processesOf({ namespace, selector, container }: StoppedPods): Promise<string[]> {
  const pods = await kubectlJson<ContainerList>("get", "pods", "-n", namespace, "-l", selector);
  const ids = pods.items.flatMap(({ status }) => {
    const all = [...status.containerStatuses, ...(status.initContainerStatuses ?? [])];
    const found = container === undefined ? all[0] : all.find(({ name }) => name === container);
    return found?.containerID.replace("containerd://", "") ?? [];
  });
  if (ids.length === 0) throw new Error(`no running container for ${selector} in ${namespace}`);
  const lists = await Promise.all(
    ids.map((id) => onNode(["ctr", "--namespace=k8s.io", "tasks", "ps", id])),
  );
  return lists.flatMap((list) =>
    list
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[0] ?? "")
      .filter(Boolean),
  );
}

/** Which pods' processes are stopped or killed, all on the first node. */
export interface StoppedPods {
  namespace: string;
  selector: string;
  /** Its name; the pod's first one, of those that are no init containers, unless it is set. */
  container?: string;
}

/**
 * Stops (SIGSTOP) every process of a container of the pods while `during` runs, then lets them go on. They are
 * listed once more when all are stopped, as one may have started another before; one of those may still end of
 * itself in between, as a database's process for a single client does.
 */
export async function withStoppedProcesses(
  pods: StoppedPods,
  during: () => Promise<void>,
): Promise<void> {
  const kill = (name: string, processes: string[]) => ["kill", `-${name}`, ...processes];
  let stopped = await processesOf(pods);
  try {
    // It fails for one that has ended, and stops the rest.
    await tryOnNode(kill("STOP", stopped));
    stopped = await processesOf(pods);
    await tryOnNode(kill("STOP", stopped));
    await during();
  } finally {
    await tryOnNode(kill("CONT", stopped));
  }
}

/** Ends every process of a container of the pods (SIGKILL), which say nothing more to anybody. */
export async function killProcesses(pods: StoppedPods): Promise<void> {
  await tryOnNode(["kill", "-KILL", ...(await processesOf(pods))]);
}
