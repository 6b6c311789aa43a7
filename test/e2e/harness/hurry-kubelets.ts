import { kubectl } from "./kubectl.ts";

/**
 * Has kubelets look at the volumes of these pods now, which they else do about once a minute: they do so where a pod
 * has changed. The value has to be new each time, or nothing has.
 */
export async function hurryKubelets(namespace: string, selector = "app=web"): Promise<void> {
  const pods = ["pods", "-n", namespace, "-l", selector];
  await kubectl(["annotate", ...pods, "--overwrite", `e2e/look=${Date.now()}`]);
}
