/** The volumes of an injected pod, and where the sidecar mounts them. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import {
  CONFIG_PATH,
  CONFIG_VOLUME,
  NO_TOKEN_VOLUME,
  POLICY_FILE,
  policyConfigMapName,
  SERVICE_ACCOUNT_PATH,
  STATE_PATH,
  STATE_VOLUME,
  secretKeyPath,
} from "../api/names.ts";
import { mountedKeys } from "./mounted-keys.ts";
import { otherContainers } from "./other-containers.ts";
import type { Container, Pod, Volume, VolumeMount } from "./pod.ts";

/** Names of all volumes that are ours. */
export const OUR_VOLUMES: ReadonlySet<string> = new Set([
  CONFIG_VOLUME,
  STATE_VOLUME,
  NO_TOKEN_VOLUME,
]);

/** Readable by the sidecar's user, which owns none of the files; octal, as Kubernetes writes modes. */
const READABLE_BY_ALL = 0o444;
/**
 * Room for two copies of the largest marks (see `marks.ts`), of which a usual policy fills a few KB. The
 * memory counts against the sidecar's limit, in which 1Mi is allowed for. Below 4Ki the kubelet evicts the pod.
 */
const STATE_SIZE_LIMIT = "1Mi";
/**
 * In memory, because cluster-autoscaler leaves a node alone on which a pod has a volume on the node's disk.
 */
const IN_MEMORY = { medium: "Memory", sizeLimit: STATE_SIZE_LIMIT } as const;

/**
 * `optional: true` everywhere: a ConfigMap or Secret that is missing is reported by the sidecar, while
 * a required one would keep the whole pod from starting.
 */
function secretSources(policy: EffectivePolicy): Record<string, unknown>[] {
  const bySecret = Map.groupBy(mountedKeys(policy.dependencies), ({ secretName }) => secretName);
  return [...bySecret].map(([name, references]) => ({
    secret: {
      name,
      items: references.map(({ key }) => ({ key, path: secretKeyPath(name, key) })),
      optional: true,
    },
  }));
}

function configVolume(policy: EffectivePolicy): Volume {
  const configMap = {
    name: policyConfigMapName(policy.name),
    items: [{ key: POLICY_FILE, path: POLICY_FILE }],
    optional: true,
  };
  return {
    name: CONFIG_VOLUME,
    projected: {
      defaultMode: READABLE_BY_ALL,
      sources: [{ configMap }, ...secretSources(policy)],
    },
  };
}

/** Every volume that the sidecar needs under this policy; `containers` are the pod's, ours among them. */
export function sidecarVolumes(
  policy: EffectivePolicy,
  containers: readonly Container[],
): Volume[] {
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
  return [
    configVolume(policy),
    // Writable by any user unless the pod says otherwise, so no fsGroup is needed.
    { name: STATE_VOLUME, emptyDir: IN_MEMORY },
    // Mounted for reading alone: it stays empty and takes no memory.
    ...(mounts.some(({ name }) => name === NO_TOKEN_VOLUME)
      ? [{ name: NO_TOKEN_VOLUME, emptyDir: IN_MEMORY }]
      : []),
  ];
}

/**
 * Whether the ServiceAccount admission plugin may mount a token into the sidecar. It has run before us, and then every
 * other container has a mount at the path, but for those that webhooks brought since. Where it mounts none, nor do we:
 * Gatekeeper's K8sPSPAutomountServiceAccountTokenPod refuses pods for any mount there.
 */
function mayGetToken(pod: Pod): boolean {
  if (pod.spec?.automountServiceAccountToken === false) return false;
  return otherContainers(pod).some(({ volumeMounts }) =>
    volumeMounts?.some(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH),
  );
}

/** The sidecar's volumeMounts in `pod`. Folders and never `subPath`, which does not follow updates. */
export function sidecarMounts(pod: Pod): VolumeMount[] {
  return [
    { name: CONFIG_VOLUME, mountPath: CONFIG_PATH, readOnly: true },
    { name: STATE_VOLUME, mountPath: STATE_PATH },
    ...(mayGetToken(pod)
      ? [{ name: NO_TOKEN_VOLUME, mountPath: SERVICE_ACCOUNT_PATH, readOnly: true }]
      : []),
  ];
}

/**
 * What of `standing` an earlier call made and others changed: the limit of an emptyDir, for example. Its
 * kind, its medium and all that the projected volume shows are ours.
 */
function reasserted(standing: Volume, ours: Volume): Volume {
  if (!ours.emptyDir) return ours;
  const { medium } = ours.emptyDir;
  return { ...ours, emptyDir: { ...ours.emptyDir, ...standing.emptyDir, medium } };
}

/**
 * `volumes` with ours in it: each in the place of an earlier one of its name, else at the end. One that an earlier call
 * needed is taken out. The app's own volumes keep their order.
 */
export function withVolumes(volumes: readonly Volume[], ours: readonly Volume[]): Volume[] {
  const byName = new Map(ours.map((volume) => [volume.name, volume]));
  const present = new Set(volumes.map(({ name }) => name));
  return [
    ...volumes.flatMap((volume) => {
      const own = byName.get(volume.name);
      if (own) return [reasserted(volume, own)];
      return OUR_VOLUMES.has(volume.name ?? "") ? [] : [volume];
    }),
    ...ours.filter(({ name }) => !present.has(name)),
  ];
}
