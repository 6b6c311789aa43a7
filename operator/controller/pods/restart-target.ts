/** What to restart for a new pod in place of one that is outdated. Pure. */
import { isDnsSubdomain } from "../../api/name-patterns.ts";
import { deploymentOf, type OwnedMetadata } from "./workload-of-pod.ts";

const WORKLOADS_API = "apps/v1";
const WORKLOADS: ReadonlyMap<unknown, string> = new Map([
  ["ReplicaSet", "deployment"],
  ["StatefulSet", "statefulset"],
  ["DaemonSet", "daemonset"],
]);

/**
 * As `kubectl rollout restart` takes it, such as `deployment/web`; undefined where it can restart nothing. Derived,
 * since we may not read workloads. It becomes part of a command for a person's terminal, and whoever creates pods may
 * write any text into an ownerReference: what is no name of a known kind counts as none.
 */
export function restartTarget({ ownerReferences, labels }: OwnedMetadata): string | undefined {
  const owner = ownerReferences?.find(({ controller }) => controller);
  const kind = WORKLOADS.get(owner?.kind);
  if (!kind || owner?.apiVersion !== WORKLOADS_API || !owner.name) return undefined;
  const name =
    kind === "deployment" ? deploymentOf(owner.name, labels?.["pod-template-hash"]) : owner.name;
  return name !== undefined && isDnsSubdomain(name) ? `${kind}/${name}` : undefined;
}
