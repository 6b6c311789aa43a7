/** What the leader has to work on, one item at a time. */
import type { NamespacedName } from "../api/namespaced-name.ts";
import { keyOf } from "./kube/kube-object.ts";

/**
 * The HealthPolicy `namespace/name` and its status, its rollout, a ClusterHealthPolicy and its status, the webhook
 * configuration, the proof that API servers get through to the webhook, the proof that the operator's right on pods is
 * bounded, the webhook's certificate, or whether pods get the sidecar's image and start.
 */
export type WorkItem =
  | { kind: "policy"; namespace: string; name: string }
  | { kind: "rollout"; namespace: string; name: string }
  | { kind: "clusterPolicy"; name: string }
  | { kind: "webhookConfiguration" }
  | { kind: "webhookProof" }
  | { kind: "nudgeProof" }
  | { kind: "certificate" }
  | { kind: "imagePulls" };

/**
 * Equal for equal items and different for different ones: no kind of work has a slash in its name, and no
 * namespace a capital letter.
 */
export function workItemKey(item: WorkItem): string {
  switch (item.kind) {
    case "policy":
      return keyOf(item);
    case "rollout":
      return `${item.kind}/${keyOf(item)}`;
    case "clusterPolicy":
      return `${item.kind}/${item.name}`;
    default:
      return item.kind;
  }
}

/**
 * Whose turn the item takes: each namespace's, so that one with many policies does not hold up others, and one of each
 * other kind of work. No namespace has a slash in its name.
 */
export function workItemGroup(item: WorkItem): string {
  return "namespace" in item ? item.namespace : `/${item.kind}`;
}

/** The work on a policy. */
export function policyItem({ namespace, name }: NamespacedName): WorkItem {
  return { kind: "policy", namespace, name };
}

/** The work on the rollout of a policy. */
export function rolloutItem({ namespace, name }: NamespacedName): WorkItem {
  return { kind: "rollout", namespace, name };
}

/** The work on a ClusterHealthPolicy. */
export function clusterPolicyItem({ name }: { name: string }): WorkItem {
  return { kind: "clusterPolicy", name };
}
