/** For tests: a pod after injection, taken apart into what is ours and what is not. */
import { POLICY_ANNOTATION, REVISION_ANNOTATION, SIDECAR_CONTAINER } from "../../api/names.ts";
import { otherContainers } from "../other-containers.ts";
import type { Container, Pod } from "../pod.ts";
import { withPodRequests } from "../pod-requests.ts";
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

/** A pod whose limits for the whole of it are its requests too, as an API server fills them in. */
export function withFilledRequests(pod: Pod): Pod {
  const resources = withPodRequests(pod.spec?.resources, otherContainers(pod));
  return resources ? { ...pod, spec: { ...pod.spec, resources } } : pod;
}
