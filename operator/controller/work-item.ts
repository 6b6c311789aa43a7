/** What the leader has to work on, one item at a time. */

/**
 * The policy `namespace/name` and its status, the webhook configuration, the proof that API servers get
 * through to the webhook, or the webhook's certificate.
 */
export type WorkItem =
  | { kind: "policy"; namespace: string; name: string }
  | { kind: "webhookConfiguration" }
  | { kind: "webhookProof" }
  | { kind: "certificate" };

/** The key of a policy, as caches and counts have it. */
export function policyKey({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Equal for equal items and different for different ones: no kind of work has a slash in its name. */
export function workItemKey(item: WorkItem): string {
  return item.kind === "policy" ? policyKey(item) : item.kind;
}

/** The work on a policy. */
export function policyItem({ namespace, name }: { namespace: string; name: string }): WorkItem {
  return { kind: "policy", namespace, name };
}
