/** A pod's containers without ours. */
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { Container, Pod } from "./pod.ts";

/** Every container of the pod except the one of our name. */
export function otherContainers({ spec }: Pod): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(
    ({ name }) => name !== SIDECAR_CONTAINER,
  );
}
