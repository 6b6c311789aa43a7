/** The admission plugin ServiceAccount of API servers, as far as it mounts tokens. */
import { SERVICE_ACCOUNT_PATH } from "../../api/names.ts";
import type { Container, Pod } from "../pod.ts";

/** The plugin's own volume, whose name ends differently in each pod. */
export const TOKEN_VOLUME = {
  name: "kube-api-access-x7k2p",
  projected: { sources: [{ serviceAccountToken: { path: "token" } }] },
};
const MOUNT = { name: TOKEN_VOLUME.name, mountPath: SERVICE_ACCOUNT_PATH, readOnly: true };

function withMount(container: Container): Container {
  const { volumeMounts = [] } = container;
  const isMounted = volumeMounts.some(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH);
  return isMounted ? container : { ...container, volumeMounts: [...volumeMounts, MOUNT] };
}

/**
 * The pod as the plugin makes it before webhooks are called, and again after one has changed it: every container that
 * mounts nothing at the path of tokens mounts one there. What the pod says goes before `automount` of its account.
 */
export function serviceAccountPlugin(pod: Pod, automount = true): Pod {
  const { containers = [], initContainers, volumes = [], ...spec } = pod.spec ?? {};
  if (!(spec.automountServiceAccountToken ?? automount)) return pod;
  const isThere = volumes.some(({ name }) => name === TOKEN_VOLUME.name);
  return {
    ...pod,
    spec: {
      ...spec,
      containers: containers.map(withMount),
      ...(initContainers && { initContainers: initContainers.map(withMount) }),
      volumes: isThere ? volumes : [...volumes, TOKEN_VOLUME],
    },
  };
}
