/** What every replica keeps of the policies: resolved with their defaults, looked up by namespace. */
import { isDeepStrictEqual } from "node:util";
import { type Claims, claimsOf } from "../../api/claims.ts";
import {
  type DeclaredPolicy,
  type EffectivePolicy,
  effectivePolicy,
  policyInForce,
  type Resolution,
} from "../../api/effective-policy.ts";
import type { DefaultsSupplier } from "../../api/merge-defaults.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import type { HealthPolicy } from "../../api/v1alpha1.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { isGone } from "../kube/is-gone.ts";
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

/** Cuts a HealthPolicy down; one that counts as gone is left out. */
export function projectPolicy(object: KubeObject): PolicyRecord | undefined {
  const { metadata, spec, status } = object as unknown as HealthPolicy;
  const { namespace, name, uid, generation, creationTimestamp } = metadata;
  if (isGone(metadata)) return undefined;
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
  resolution(policy: NamespacedName): Resolution | undefined;
  /** What new pods of the namespace follow, the oldest first. */
  policies(namespace: string): readonly EffectivePolicy[];
  /** Whose the pods of the namespace are; the same object until one of its policies changes. */
  claims(namespace: string): Claims<EffectivePolicy>;
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

  /** Of the namespaces that were asked about since their last change. */
  const known = new Map<string, Claims<EffectivePolicy>>();

  function claims(namespace: string): Claims<EffectivePolicy> {
    const found =
      known.get(namespace) ??
      claimsOf(resolvedIn(namespace).flatMap(({ resolution }) => policyInForce(resolution) ?? []));
    if (byNamespace.has(namespace)) known.set(namespace, found);
    return found;
  }

  function policies(namespace: string): readonly EffectivePolicy[] {
    return claims(namespace).policies;
  }

  function remove({ namespace, name }: PolicyRecord): void {
    const resolved = byNamespace.get(namespace);
    resolved?.delete(name);
    if (resolved?.size === 0) byNamespace.delete(namespace);
    known.delete(namespace);
  }

  /** Whether it is resolved to something else than before. */
  function put(record: PolicyRecord, suppliers: readonly DefaultsSupplier[]): boolean {
    const { namespace, name, declared, status } = record;
    const resolved = byNamespace.get(namespace) ?? new Map<string, ResolvedPolicy>();
    byNamespace.set(namespace, resolved);
    const before = resolved.get(name)?.resolution;
    const now = effectivePolicy({ ...declared, status }, suppliers);
    // Each count is written into a status: whose the pods are must not be worked out anew after each.
    const isSame = before !== undefined && isDeepStrictEqual(before, now);
    resolved.set(name, { record, resolution: isSame ? before : now });
    if (!isSame) known.delete(namespace);
    return !isSame;
  }

  return {
    update: ({ old, now }) => {
      if (now) put(now, suppliersOf(now.namespace));
      else if (old) remove(old);
    },
    resolveAgain: (namespace) => {
      const before = resolvedIn(namespace);
      if (before.length === 0) return [];
      const suppliers = suppliersOf(namespace);
      return before.map(({ record }) => record).filter((record) => put(record, suppliers));
    },
    resolution: ({ namespace, name }) => byNamespace.get(namespace)?.get(name)?.resolution,
    policies,
    claims,
    namespaces: () => [...byNamespace.keys()].filter((namespace) => policies(namespace).length > 0),
    allNamespaces: () => byNamespace.keys(),
    resolved: resolvedIn,
  };
}
