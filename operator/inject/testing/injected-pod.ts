/** For tests: a pod after injection, taken apart into what is ours and what is not. */
import { POLICY_ANNOTATION, REVISION_ANNOTATION, SIDECAR_CONTAINER } from "../../api/names.ts";
import type { Container, Pod } from "../pod.ts";
import { podResources } from "../pod-resources.ts";
import { OUR_VOLUMES } from "../volume.ts";

const OUR_ANNOTATIONS = new Set([POLICY_ANNOTATION, REVISION_ANNOTATION]);

/** A pod without everything of ours; lists and maps that are empty count as absent. */
export function withoutOurs(pod: Pod): Pod {
  const { initContainers = [], volumes = [], ...spec } = pod.spec ?? {};
  const { annotations = {}, ...metadata } = pod.metadata ?? {};
  return {
    ...pod,
    metadata: {
      ...metadata,
      annotations: Object.fromEntries(
        Object.entries(annotations).filter(([key]) => !OUR_ANNOTATIONS.has(key)),
      ),
    },
    spec: {
      ...spec,
      initContainers: initContainers.filter(({ name }) => name !== SIDECAR_CONTAINER),
      volumes: volumes.filter(({ name }) => !OUR_VOLUMES.has(name ?? "")),
    },
  };
}

/** The containers of our name; one in an injected pod. */
export function ours(pod: Pod): Container[] {
  return (pod.spec?.initContainers ?? []).filter(({ name }) => name === SIDECAR_CONTAINER);
}

/**
 * `before` with the amounts for the whole of it that it has when it is injected as `after`. Where the sidecar was taken
 * out they are left as they are.
 */
export function withPodResources(before: Pod, after: Pod): Pod {
  if (ours(after).length === 0) return before;
  const resources = podResources(before, after.spec?.initContainers ?? []);
  return resources ? { ...before, spec: { ...before.spec, resources } } : before;
}
