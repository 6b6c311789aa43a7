/** Which work a change of a cache asks for. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ServiceRecord } from "../api/circular-dependency.ts";
import type { NamespacedName } from "../api/namespaced-name.ts";
import { appliesStandards } from "../inject/probe-floors.ts";
import type { CacheChange } from "./caches.ts";
import { type ClusterPolicyRecord, decidesAnew } from "./cluster-policy/cluster-policy-cache.ts";
import type { NamespaceRecord } from "./kube/namespace.ts";
import type { Change } from "./kube/watch.ts";
import type { PolicyRecord } from "./policy/policy-cache.ts";
import { clusterPolicyItem, policyItem, type WorkItem } from "./work-item.ts";

/** What to work on. */
export interface WorkAfterChange {
  /** As soon as possible. */
  now: WorkItem[];
  /** When what else changes at the same moment is there too. */
  soon: WorkItem[];
}

/** What is known since the change. */
export interface Known {
  /** The policies that new pods of a namespace follow. */
  policiesOf: (namespace: string) => readonly NamespacedName[];
  /** Undefined for a namespace that is not known, or gone. */
  namespace: (name: string) => NamespaceRecord | undefined;
  /** The ClusterHealthPolicies that reach a namespace. */
  clusterPoliciesOf: (
    namespace: NamespaceRecord,
  ) => readonly Pick<ClusterPolicyRecord, "name" | "standards">[];
}

const NOTHING: WorkAfterChange = { now: [], soon: [] };

/** ClusterHealthPolicies say whether their defaults fit the policies that take them. */
function suppliersOf(name: string, known: Known): WorkItem[] {
  const namespace = known.namespace(name);
  return namespace ? known.clusterPoliciesOf(namespace).map(clusterPolicyItem) : [];
}

/** Whether more than the status has changed. */
function specChanged({ old, now }: Change<PolicyRecord>): boolean {
  return old?.uid !== now?.uid || old?.generation !== now?.generation;
}

function afterPolicy(change: Change<PolicyRecord>, known: Known): WorkAfterChange {
  const changed = (change.now ?? change.old) as PolicyRecord;
  const own = policyItem(changed);
  // Our own write of a status comes back as a change. Without this, each of them would be work for every
  // other policy of the namespace.
  if (!specChanged(change)) return { now: [own], soon: [] };
  // The others may win pods from this one, or lose pods to it.
  const others = known.policiesOf(changed.namespace).filter(({ name }) => name !== changed.name);
  const suppliers = suppliersOf(changed.namespace, known);
  // A list that was read anew is told change by change, and what has gone comes first. A namespace whose only
  // policy was renamed must not be taken out of the webhook configuration in between.
  return {
    now: [own],
    soon: [{ kind: "webhookConfiguration" }, ...others.map(policyItem), ...suppliers],
  };
}

/** A policy that has become valid or invalid may reach other pods, and its namespace be listed or not. */
function afterDefaults(resolvedAnew: readonly PolicyRecord[], known: Known): WorkAfterChange {
  if (resolvedAnew.length === 0) return NOTHING;
  const namespaces = [...new Set(resolvedAnew.map(({ namespace }) => namespace))];
  const neighbours = namespaces.flatMap(known.policiesOf).map(policyItem);
  const suppliers = namespaces.flatMap((name) => suppliersOf(name, known));
  return {
    now: resolvedAnew.map(policyItem),
    soon: [{ kind: "webhookConfiguration" }, ...neighbours, ...suppliers],
  };
}

/** Controllers write annotations of Services all the time; only what is kept of one can make or end a circle. */
function afterService({ old, now }: Change<ServiceRecord>, known: Known): WorkAfterChange {
  if (isDeepStrictEqual(old, now)) return NOTHING;
  const { namespace } = (now ?? old) as ServiceRecord;
  return { now: [], soon: known.policiesOf(namespace).map(policyItem) };
}

/** Where standards are applied the webhook is called, also about a namespace that no policy is in. */
function afterStandards(
  reaching: readonly (Pick<ClusterPolicyRecord, "standards"> | undefined)[],
): WorkItem[] {
  const areApplied = reaching.some((policy) => appliesStandards(policy?.standards));
  return areApplied ? [{ kind: "webhookConfiguration" }] : [];
}

function afterNamespace(
  { key, old, now }: Change<NamespaceRecord>,
  resolvedAnew: readonly PolicyRecord[],
  known: Known,
): WorkAfterChange {
  const defaults = afterDefaults(resolvedAnew, known);
  const optedOut = old?.optedOut === now?.optedOut ? [] : known.policiesOf(key);
  // Those that reach it, or did, count their namespaces.
  const relabelled = isDeepStrictEqual(old?.labels, now?.labels) ? [] : [old, now];
  const counting = relabelled.flatMap((one) => (one ? known.clusterPoliciesOf(one) : []));
  return {
    now: [...optedOut.map(policyItem), ...defaults.now],
    soon: [...defaults.soon, ...afterStandards(counting), ...counting.map(clusterPolicyItem)],
  };
}

function afterClusterPolicy(
  change: Change<ClusterPolicyRecord>,
  resolvedAnew: readonly PolicyRecord[],
  known: Known,
): WorkAfterChange {
  // Our own write of a status.
  if (!decidesAnew(change)) return NOTHING;
  const { now, soon } = afterDefaults(resolvedAnew, known);
  const changed = (change.now ?? change.old) as ClusterPolicyRecord;
  return {
    now: [clusterPolicyItem(changed), ...now],
    soon: [...afterStandards([change.old, change.now]), ...soon],
  };
}

/** The work after `change`. */
export function workAfterChange(change: CacheChange, known: Known): WorkAfterChange {
  switch (change.kind) {
    case "policy":
      return afterPolicy(change.change, known);
    case "clusterPolicy":
      return afterClusterPolicy(change.change, change.resolvedAnew, known);
    case "namespace":
      return afterNamespace(change.change, change.resolvedAnew, known);
    case "service":
      return afterService(change.change, known);
    case "certificate":
      return { now: [{ kind: "certificate" }, { kind: "webhookConfiguration" }], soon: [] };
  }
}
