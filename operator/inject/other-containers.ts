/** Our container and the others of a pod, told apart by name. */
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { Container, Pod } from "./pod.ts";

/** Whether it is called as ours is; whether it is ours, is-sidecar.ts tells. */
export function hasOurName({ name }: Container): boolean {
  return name === SIDECAR_CONTAINER;
}

/** Every container of the pod except the one of our name. */
export function otherContainers({ spec }: Pod): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(
    (container) => !hasOurName(container),
  );
}
