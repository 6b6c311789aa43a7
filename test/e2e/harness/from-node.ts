/** What can be asked of pods while no API server answers: by the container runtime and the network of their node. */
import { READY_PATH } from "../../../operator/api/names.ts";
import { HTTP_ANSWER, RAW_CONNECT } from "../timeouts.ts";
import { kubectlJson } from "./kubectl.ts";
import { onNode, tryOnNode } from "./node.ts";
import { type Pod, sidecarPort } from "./pods.ts";
import type { Target } from "./raw-connect.ts";

/** Id, at the container runtime, of a pod's first container; the API server still has to answer. */
export async function containerId(namespace: string, pod: string): Promise<string> {
  const { status } = await kubectlJson<{
    status: { containerStatuses: { containerID: string }[] };
  }>(...["get", "pod", pod, "-n", namespace]);
  const id = status.containerStatuses[0]?.containerID;
  if (id === undefined) throw new Error(`${namespace}/${pod} runs no container`);
  return id.replace("containerd://", "");
}

/** As rawConnect, from a container: what an app in it would see. */
export async function rawConnectFrom(
  container: string,
  { host, port }: Pick<Target, "host" | "port">,
): Promise<string> {
  const exec = ["ctr", "--namespace=k8s.io", "tasks", "exec", `--exec-id=connect-${Date.now()}`];
  const connect = ["node", "/raw-connect.mjs", host, String(port), String(RAW_CONNECT)];
  const { stdout } = await tryOnNode([...exec, container, ...connect]);
  return stdout.split(" ")[0]?.trim() ?? "";
}

/** The HTTP status that the kubelet's readiness probe of our container would get now. */
export async function probeStatus(pod: Pod): Promise<number> {
  const url = `http://${pod.status.podIP}:${sidecarPort(pod)}${READY_PATH}`;
  const seconds = String(HTTP_ANSWER / 1_000);
  const ask = ["curl", "--silent", "--output", "/dev/null", "--max-time", seconds];
  return Number(await onNode([...ask, "--write-out", "%{http_code}", url]));
}
