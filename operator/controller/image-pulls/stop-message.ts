/**
 * What a policy says while injection is stopped, and what the next leader reads in it: which namespaces are stopped
 * for themselves, and whether all are. Pure.
 */
import { SIDECAR_CONTAINER } from "../../api/names.ts";

/**
 * `here`: pods of this namespace have waited, and nothing is injected in it. `everywhere`: so they have, and nothing is
 * injected in any namespace. `elsewhere`: nothing is injected in any, and none of this one's pods has waited.
 */
export type StopScope = "here" | "everywhere" | "elsewhere";

const SCOPES: readonly StopScope[] = ["here", "everywhere", "elsewhere"];

/** Begins the message; another one for each scope, none of which begins another. */
function beginning(image: string, scope: StopScope): string {
  const who = scope === "elsewhere" ? " for pods of other namespaces" : "";
  const whose = scope === "here" ? "this namespace" : "all namespaces";
  const what = `The sidecar's image ${image} cannot be pulled or started by nodes${who}`;
  return `${what}, so new pods of ${whose} start without the sidecar.`;
}

function howItEnds(scope: StopScope): string {
  const who = scope === "here" ? "a pod of this namespace" : "a pod";
  return `Injection goes on once ${who} that waits starts, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.`;
}

/**
 * The sentences; `pod` is one of the policy's namespace that waits. Pods of other namespaces are not named: who may
 * read this policy may not know of them.
 */
export function stopMessage(
  image: string,
  { scope, namespace, pod }: { scope: StopScope; namespace: string; pod: string | undefined },
): string {
  const what = beginning(image, scope);
  if (pod === undefined) return `${what} ${howItEnds(scope)}`;
  const why =
    `Look at: kubectl describe pod ${pod} -n ${namespace}; ` +
    `kubectl logs ${pod} -n ${namespace} -c ${SIDECAR_CONTAINER}; the architecture of its node.`;
  const stuck = "Pods that wait already do not start before their sidecar does: delete them.";
  return `${what} ${why} ${stuck} ${howItEnds(scope)}`;
}

/** The scope of a stop that this message tells of; undefined where it is of none, or because of another image. */
export function readStopScope(message: string, image: string): StopScope | undefined {
  return SCOPES.find((scope) => message.startsWith(beginning(image, scope)));
}
