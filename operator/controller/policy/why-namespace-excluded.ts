/** Why no pod of a namespace gets a sidecar, whatever its policies ask for. Pure. */
import { INJECT_LABEL } from "../../api/names.ts";

/** What keeps injection away from a namespace. */
export interface NamespaceExclusion {
  /** It is one whose pods are never injected. */
  excluded: boolean;
  /** It carries the label that opts it out. */
  optedOut: boolean;
}

/** What a person is told; undefined where pods are injected. */
export function whyNamespaceExcluded(
  namespace: string,
  { excluded, optedOut }: NamespaceExclusion,
): string | undefined {
  // First: where both hold, no change of the label would help.
  if (excluded) return `Pods of namespace ${namespace} are never injected.`;
  if (optedOut) return `Namespace ${namespace} has the label ${INJECT_LABEL}: "false".`;
  return undefined;
}
