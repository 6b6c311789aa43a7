/** What every replica keeps of the policies: resolved once when they arrive, looked up by namespace. */
import {
  type EffectivePolicy,
  effectivePolicy,
  type Resolution,
} from "../../api/effective-policy.ts";
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
  resolution: Resolution;
  /** As the API server has it. */
  status: HealthPolicyStatus | undefined;
}

/** Cuts a HealthPolicy down; one that is being deleted counts as gone, so that nothing new starts. */
export function projectPolicy(object: KubeObject): PolicyRecord | undefined {
  const policy = object as unknown as HealthPolicy;
  const { namespace, name, uid, generation, deletionTimestamp } = policy.metadata;
  if (deletionTimestamp !== undefined) return undefined;
  return {
    namespace,
    name,
    uid,
    generation,
    resolution: effectivePolicy(policy),
    status: policy.status,
  };
}

/** The usable policies of each namespace. */
export interface PolicyIndex {
  /** To be given every change of the cache. */
  update(change: Change<PolicyRecord>): void;
  policies(namespace: string): readonly EffectivePolicy[];
  /** Namespaces with at least one usable policy, in any order. */
  namespaces(): Iterable<string>;
}

/** An empty index. */
export function createPolicyIndex(): PolicyIndex {
  const byNamespace = new Map<string, Map<string, EffectivePolicy>>();

  function remove({ namespace, name }: PolicyRecord): void {
    const policies = byNamespace.get(namespace);
    policies?.delete(name);
    if (policies?.size === 0) byNamespace.delete(namespace);
  }

  function put({ namespace, name, resolution }: PolicyRecord): void {
    if (!("policy" in resolution)) return;
    const policies = byNamespace.get(namespace) ?? new Map<string, EffectivePolicy>();
    policies.set(name, resolution.policy);
    byNamespace.set(namespace, policies);
  }

  return {
    update: ({ old, now }) => {
      if (old) remove(old);
      if (now) put(now);
    },
    policies: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
    namespaces: () => byNamespace.keys(),
  };
}
