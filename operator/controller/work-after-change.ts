/** Which work a change of a cache asks for. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ServiceRecord } from "../api/circular-dependency.ts";
import type { CacheChange, NamespaceRecord } from "./caches.ts";
import type { Change } from "./kube/watch.ts";
import type { PolicyRecord } from "./policy/policy-cache.ts";
import { policyItem, type WorkItem } from "./work-item.ts";

/** What to work on. */
export interface WorkAfterChange {
  /** As soon as possible. */
  now: WorkItem[];
  /** When what else changes at the same moment is there too. */
  soon: WorkItem[];
}

/** The usable policies of a namespace. */
type PoliciesOf = (namespace: string) => readonly { namespace: string; name: string }[];

/** Whether more than the status has changed. */
function specChanged({ old, now }: Change<PolicyRecord>): boolean {
  return old?.uid !== now?.uid || old?.generation !== now?.generation;
}

function afterPolicy(change: Change<PolicyRecord>, policiesOf: PoliciesOf): WorkAfterChange {
  const changed = (change.now ?? change.old) as PolicyRecord;
  const own = policyItem(changed);
  // Our own write of a status comes back as a change. Without this, each of them would be work for every
  // other policy of the namespace.
  if (!specChanged(change)) return { now: [own], soon: [] };
  // The others may win pods from this one, or lose pods to it.
  const others = policiesOf(changed.namespace).filter(({ name }) => name !== changed.name);
  // A list that was read anew is told change by change, and what has gone comes first. A namespace whose only
  // policy was renamed must not be taken out of the webhook configuration in between.
  return { now: [own], soon: [{ kind: "webhookConfiguration" }, ...others.map(policyItem)] };
}

function afterNamespace(change: Change<NamespaceRecord>, policiesOf: PoliciesOf): WorkAfterChange {
  const same = change.old?.optedOut === change.now?.optedOut;
  return { now: same ? [] : policiesOf(change.key).map(policyItem), soon: [] };
}

/** Controllers write annotations of Services all the time; only what is kept of one can make or end a circle. */
function afterService(
  { old, now }: Change<ServiceRecord>,
  policiesOf: PoliciesOf,
): WorkAfterChange {
  if (isDeepStrictEqual(old, now)) return { now: [], soon: [] };
  const { namespace } = (now ?? old) as ServiceRecord;
  return { now: [], soon: policiesOf(namespace).map(policyItem) };
}

/** The work after `change`; `policiesOf` gives the policies as they are since the change. */
export function workAfterChange(
  { kind, change }: CacheChange,
  policiesOf: PoliciesOf,
): WorkAfterChange {
  switch (kind) {
    case "policy":
      return afterPolicy(change, policiesOf);
    case "namespace":
      return afterNamespace(change, policiesOf);
    case "service":
      return afterService(change, policiesOf);
    case "certificate":
      return { now: [{ kind: "certificate" }, { kind: "webhookConfiguration" }], soon: [] };
  }
}
