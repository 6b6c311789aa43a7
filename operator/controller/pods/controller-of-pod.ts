/** Which object controls a pod, as the pod alone tells. Pure. */
import { isDnsSubdomain } from "../../api/name-patterns.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";

/** An object that makes pods, in the namespace of the pod. */
export type PodController = Readonly<Pick<OwnerReference, "apiVersion" | "kind" | "name" | "uid">>;

/** Kinds of Kubernetes' own that make pods; what others wrote of themselves is not repeated. */
const KINDS: ReadonlySet<string> = new Set([
  "apps/v1 ReplicaSet",
  "apps/v1 StatefulSet",
  "apps/v1 DaemonSet",
  "batch/v1 Job",
  "v1 ReplicationController",
]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The controller that the pod's ownerReferences name; undefined where there is none. Whoever creates pods may write
 * any text there, and this is repeated in Events: what cannot be a name of a known kind counts as none.
 */
export function controllerOfPod(
  owners: readonly Partial<OwnerReference>[] | undefined,
): PodController | undefined {
  const owner = owners?.find(({ controller }) => controller);
  const { apiVersion = "", kind = "", name = "", uid = "" } = owner ?? {};
  const isKnown = KINDS.has(`${apiVersion} ${kind}`) && isDnsSubdomain(name) && UUID.test(uid);
  return isKnown ? { apiVersion, kind, name, uid } : undefined;
}
