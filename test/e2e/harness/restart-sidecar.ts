import { SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { POD_STARTS } from "../timeouts.ts";
import { kubectlJson, run } from "./kubectl.ts";
import { type Pod, sidecarReady, sidecarRestarts } from "./pods.ts";
import { waitUntil } from "./wait-for.ts";

/** Exit status of a program that SIGKILL ended. */
const KILLED = 137;

/** Ends the sidecar of a pod, and resolves when the kubelet has started it again and finds it ready. */
export async function restartSidecar(pod: Pod): Promise<void> {
  const { namespace, name } = pod.metadata;
  const end = ["--", "node", "-e", "process.kill(1)"];
  const exec = ["exec", "-n", namespace, name, "-c", SIDECAR_CONTAINER, ...end];
  const { code, stderr } = await run("kubectl", exec);
  // The container may be gone before the program that ended it, which is killed with it then.
  if (code !== 0 && code !== KILLED)
    throw new Error(`the sidecar of ${name} cannot be ended: ${stderr}`);
  await waitUntil({ what: `the sidecar of ${name} to be back`, within: POD_STARTS }, async () => {
    const now = await kubectlJson<Pod>("get", "pod", name, "-n", namespace);
    return sidecarRestarts(now) > sidecarRestarts(pod) && sidecarReady(now);
  });
}
