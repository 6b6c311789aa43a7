/** Which workload a pod belongs to, as far as the pod alone tells. Pure. */
import { isDnsSubdomain } from "../../api/name-patterns.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import { createdSeconds } from "./created-seconds.ts";

/** What of a pod's metadata tells it. */
export interface OwnedMetadata {
  name: string;
  labels?: Record<string, string>;
  ownerReferences?: readonly Partial<OwnerReference>[];
  creationTimestamp?: string;
}

/**
 * A kind that can be reported. Whoever creates pods may write any text into an ownerReference, and an example in
 * the status has room for this many characters of it; ReplicationController is the longest of Kubernetes' own.
 */
const KIND = /^[A-Z][A-Za-z0-9]{0,20}$/;

/** How the CronJob controller names its Jobs: by the minute for which they are scheduled, since 1970. */
const CRON_JOB = /^(.+)-(\d{8})$/;
/**
 * A Job that somebody named after a date, such as `migrate-20261128`, looks the same: that minute was in 2008.
 * Pods of a CronJob are created within this time of their minute, late starts and retries included.
 */
const NEAR_MINUTES = 7 * 24 * 60;

function cronJobOf(job: string, createdSeconds: number): string | undefined {
  const [, name, minutes] = CRON_JOB.exec(job) ?? [];
  const distance = Math.abs(createdSeconds / 60 - Number(minutes));
  return distance <= NEAR_MINUTES ? name : undefined;
}

/** The name of a ReplicaSet's Deployment: what stands before the hash of its pod template; undefined: it has none. */
export function deploymentOf(replicaSet: string, hash: string | undefined): string | undefined {
  const suffix = `-${hash}`;
  return replicaSet.endsWith(suffix) ? replicaSet.slice(0, -suffix.length) : undefined;
}

/** The owner's own owner, derived from the names that Kubernetes' controllers give. */
function ownerOfOwner(owner: Partial<OwnerReference>, metadata: OwnedMetadata): string | undefined {
  const { apiVersion, kind, name = "" } = owner;
  if (apiVersion === "apps/v1" && kind === "ReplicaSet") {
    const deployment = deploymentOf(name, metadata.labels?.["pod-template-hash"]);
    return deployment && `Deployment/${deployment}`;
  }
  if (apiVersion === "batch/v1" && kind === "Job") {
    const cronJob = cronJobOf(name, createdSeconds(metadata));
    return cronJob && `CronJob/${cronJob}`;
  }
  return undefined;
}

/**
 * The workload as `Kind/name`; a pod without a controller, or with one whose kind or name can be none, is its own:
 * `Pod/name`. Derived, since the operator has no permission to read workloads.
 */
export function workloadOfPod(metadata: OwnedMetadata): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  const { kind = "", name = "" } = owner ?? {};
  if (!owner || !KIND.test(kind) || !isDnsSubdomain(name)) return `Pod/${metadata.name}`;
  const workload = ownerOfOwner(owner, metadata);
  return workload ?? `${kind}/${name}`;
}
