/**
 * A later call finds a pod that others have made one that gets no sidecar: on the node's network ours would hold a port
 * of the node, and on Windows the pod would not start with it. So what the first call added is taken out. Pure.
 */
import { POLICY_ANNOTATION, REVISION_ANNOTATION, SIDECAR_CONTAINER } from "../api/names.ts";
import { hasRoomForAnnotations } from "./annotations-limit.ts";
import { hasSidecar, isSidecar } from "./is-sidecar.ts";
import type { Container, Pod, Volume } from "./pod.ts";
import type { InjectSettings } from "./settings.ts";
import type { SkipReason } from "./skip.ts";
import { OUR_VOLUMES } from "./volume.ts";

/**
 * Reasons that lie in what the pod is. By the others it is too large to be worked on, its author or the kubelet has the
 * last word, or what bears our names cannot be told from what is somebody else's.
 */
const TAKEN_OUT: ReadonlySet<SkipReason> = new Set<SkipReason>([
  "LabelsTooLarge",
  "HostNetwork",
  "Windows",
  "VirtualNode",
  "Confidential",
  "RuntimeClass",
  "RestartPolicy",
  "NoFreePort",
]);

/** API servers refuse a pod with an annotation about a container that is not there, as AppArmor's is. */
function isAboutSidecar(annotation: string): boolean {
  return (
    annotation === POLICY_ANNOTATION ||
    annotation === REVISION_ANNOTATION ||
    annotation.endsWith(`/${SIDECAR_CONTAINER}`)
  );
}

/** A volume of ours that others mount by now stays, or the API server would refuse the pod. */
function otherVolumes(volumes: readonly Volume[], containers: readonly Container[]): Volume[] {
  const mounted = new Set(
    containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)),
  );
  return volumes.filter(({ name = "" }) => !OUR_VOLUMES.has(name) || mounted.has(name));
}

/**
 * `pod` without the container, volumes and annotations of an earlier call; undefined where it had none, and where they
 * stay for this `reason`. What that call did besides is left, and does no harm: raised times of the app's probes, what
 * other products are told of our port and container, and resources of the pod as a whole. Only annotations could say
 * what was there before, and anybody can write those.
 */
export function withoutSidecar(
  pod: Pod,
  reason: SkipReason,
  { image }: Pick<InjectSettings, "image">,
): Pod | undefined {
  const { annotations = {}, ...metadata } = pod.metadata ?? {};
  const bearsOurs = annotations[POLICY_ANNOTATION] !== undefined && hasSidecar(pod, image);
  if (!(TAKEN_OUT.has(reason) && bearsOurs && hasRoomForAnnotations(annotations))) {
    return undefined;
  }
  const { initContainers: standing = [], volumes: mounted = [], ...spec } = pod.spec ?? {};
  const own = Object.entries(annotations).filter(([name]) => !isAboutSidecar(name));
  const initContainers = standing.filter((container) => !isSidecar(container, image));
  const volumes = otherVolumes(mounted, [...initContainers, ...(spec.containers ?? [])]);
  return {
    ...pod,
    metadata: { ...metadata, ...(own.length > 0 && { annotations: Object.fromEntries(own) }) },
    spec: {
      ...spec,
      ...(initContainers.length > 0 && { initContainers }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}
