import { SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { POD_STARTS } from "../timeouts.ts";
import { kubectl, kubectlJson } from "./kubectl.ts";
import { type Pod, sidecarReady, sidecarRestarts } from "./pods.ts";
import { waitUntil } from "./wait-for.ts";

/** Ends the sidecar of a pod, and resolves when the kubelet has started it again and finds it ready. */
export async function restartSidecar(pod: Pod): Promise<void> {
  const { namespace, name } = pod.metadata;
  const end = ["--", "node", "-e", "process.kill(1)"];
  await kubectl(["exec", "-n", namespace, name, "-c", SIDECAR_CONTAINER, ...end]);
  await waitUntil({ what: `the sidecar of ${name} to be back`, within: POD_STARTS }, async () => {
    const now = await kubectlJson<Pod>("get", "pod", name, "-n", namespace);
    return sidecarRestarts(now) > sidecarRestarts(pod) && sidecarReady(now);
  });
}
