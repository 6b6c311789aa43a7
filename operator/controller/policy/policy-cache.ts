/** What every replica keeps of the policies: resolved with their defaults, looked up by namespace. */
import { isDeepStrictEqual } from "node:util";
import {
  type DeclaredPolicy,
  type EffectivePolicy,
  effectivePolicy,
  policyInForce,
  type Resolution,
} from "../../api/effective-policy.ts";
import type { DefaultsSupplier } from "../../api/merge-defaults.ts";
import type { HealthPolicy } from "../../api/v1alpha1.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { Change } from "../kube/watch.ts";

/** A HealthPolicy, cut down. */
export interface PolicyRecord {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** What it says itself. */
  declared: Omit<DeclaredPolicy, "status">;
  /** As the API server has it. */
  status: HealthPolicyStatus | undefined;
}

/** Cuts a HealthPolicy down; one that is being deleted counts as gone, so that nothing new starts. */
export function projectPolicy(object: KubeObject): PolicyRecord | undefined {
  const { metadata, spec, status } = object as unknown as HealthPolicy;
  const { namespace, name, uid, generation, creationTimestamp, deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined) return undefined;
  return {
    namespace,
    name,
    uid,
    generation,
    declared: { metadata: { namespace, name, uid, generation, creationTimestamp }, spec },
    status,
  };
}

/** A policy and how it is resolved. */
export interface ResolvedPolicy {
  record: PolicyRecord;
  resolution: Resolution;
}

/** The policies of each namespace, resolved. */
export interface PolicyIndex {
  /** To be given every change of the cache. */
  update(change: Change<PolicyRecord>): void;
  /** To be told that the defaults of the namespace may have changed; gives the policies that they change. */
  resolveAgain(namespace: string): PolicyRecord[];
  /** How a policy is resolved now. */
  resolution(policy: { namespace: string; name: string }): Resolution | undefined;
  /** What new pods of the namespace follow. */
  policies(namespace: string): readonly EffectivePolicy[];
  /** Namespaces with at least one policy that new pods follow, in any order. */
  namespaces(): Iterable<string>;
  /** Namespaces with at least one policy, valid or not. */
  allNamespaces(): Iterable<string>;
  /** Every policy of a namespace and how it is resolved, valid or not. */
  resolved(namespace: string): readonly ResolvedPolicy[];
}

/** An empty index; `suppliersOf` gives what supplies defaults to a namespace, the oldest first. */
export function createPolicyIndex(
  suppliersOf: (namespace: string) => readonly DefaultsSupplier[] = () => [],
): PolicyIndex {
  const byNamespace = new Map<string, Map<string, ResolvedPolicy>>();
  const resolvedIn = (namespace: string) => [...(byNamespace.get(namespace)?.values() ?? [])];

  function policies(namespace: string): EffectivePolicy[] {
    return resolvedIn(namespace).flatMap(({ resolution }) => policyInForce(resolution) ?? []);
  }

  function remove({ namespace, name }: PolicyRecord): void {
    const resolved = byNamespace.get(namespace);
    resolved?.delete(name);
    if (resolved?.size === 0) byNamespace.delete(namespace);
  }

  function put(record: PolicyRecord, suppliers: readonly DefaultsSupplier[]): void {
    const { namespace, name, declared, status } = record;
    const resolved = byNamespace.get(namespace) ?? new Map<string, ResolvedPolicy>();
    resolved.set(name, { record, resolution: effectivePolicy({ ...declared, status }, suppliers) });
    byNamespace.set(namespace, resolved);
  }

  return {
    update: ({ old, now }) => {
      if (old) remove(old);
      if (now) put(now, suppliersOf(now.namespace));
    },
    resolveAgain: (namespace) => {
      const before = resolvedIn(namespace);
      if (before.length === 0) return [];
      const suppliers = suppliersOf(namespace);
      for (const { record } of before) put(record, suppliers);
      return before
        .filter(
          ({ record: { name }, resolution }) =>
            !isDeepStrictEqual(byNamespace.get(namespace)?.get(name)?.resolution, resolution),
        )
        .map(({ record }) => record);
    },
    resolution: ({ namespace, name }) => byNamespace.get(namespace)?.get(name)?.resolution,
    policies,
    namespaces: () => [...byNamespace.keys()].filter((namespace) => policies(namespace).length > 0),
    allNamespaces: () => byNamespace.keys(),
    resolved: resolvedIn,
  };
}
