import { kubectlJson, runOrThrow } from "./kubectl.ts";

const NODE = "healthpolicy-control-plane";

interface ContainerList {
  items: { status: { containerStatuses: { containerID: string }[] } }[];
}

/** Process ids, on the node, of everything that runs in the first container of the selected pod. */
async function processesOf(namespace: string, selector: string): Promise<string[]> {
  const pods = await kubectlJson<ContainerList>("get", "pods", "-n", namespace, "-l", selector);
  const id = pods.items[0]?.status.containerStatuses[0]?.containerID.replace("containerd://", "");
  if (!id) throw new Error(`no running container for ${selector} in ${namespace}`);
  const list = await runOrThrow("docker", [
    "exec",
    NODE,
    "ctr",
    "--namespace=k8s.io",
    "tasks",
    "ps",
    id,
  ]);
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

/** Stops (SIGSTOP) every process of a pod's container while `during` runs, then lets them go on. */
export async function withStoppedProcesses(
  pod: StoppedPod,
  during: () => Promise<void>,
): Promise<void> {
  const processes = await processesOf(pod.namespace, pod.selector);
  const signal = (name: string) =>
    runOrThrow("docker", ["exec", NODE, "kill", `-${name}`, ...processes]);
  await signal("STOP");
  try {
    await during();
  } finally {
    await signal("CONT");
  }
}
