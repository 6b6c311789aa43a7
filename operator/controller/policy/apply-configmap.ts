/** Writes the ConfigMaps of policies, and never one that is somebody else's. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { isApiError, type KubeClient } from "../kube/kube-client.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import { policyConfigMap } from "./configmap.ts";

/** Written again after so long even when unchanged: we may not read it, and it may have been edited. */
export const REAPPLY_MILLISECONDS = 60_000;

const FIELD_MANAGER = "healthpolicy-configmap";
/** Owns no field and stores nothing: an empty dry run is how an object is seen without a read verb. */
const LOOK_MANAGER = "healthpolicy-look";

/** What became of the ConfigMap. */
export type ConfigMapResult =
  | { state: "written" }
  /** The ConfigMap of a deleted policy of this name is about to be collected. */
  | { state: "waiting"; message: string }
  /** Somebody else's object has the name. */
  | { state: "blocked"; message: string };

/** Writes one ConfigMap per policy. */
export interface ConfigMapWriter {
  /** Writes when needed. Rejects when the API server does not take it. */
  write(policy: EffectivePolicy): Promise<ConfigMapResult>;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Stored {
  metadata: {
    uid?: string;
    resourceVersion?: string;
    ownerReferences?: OwnerReference[];
  };
}

interface Known {
  policyUid: string;
  content: string;
  uid: string;
  at: number;
}

/** A writer that knows nothing yet: it writes every ConfigMap once. */
export function createConfigMapWriter(client: KubeClient): ConfigMapWriter {
  const known = new Map<string, Known>();

  /** The uid of the ConfigMap when it is ours, undefined when there is none, or why not to write. */
  async function look(policy: EffectivePolicy): Promise<string | undefined | ConfigMapResult> {
    const { metadata } = policyConfigMap(policy);
    const { name, namespace } = metadata;
    const stored = await client.apply<Stored>({
      path: pathOf(namespace, name),
      object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } },
      fieldManager: LOOK_MANAGER,
      force: false,
      dryRun: true,
    });
    // A dry run that would create gives an object that was never stored.
    if (!stored.metadata.resourceVersion) return undefined;
    const owners = stored.metadata.ownerReferences ?? [];
    if (owners.some(({ uid }) => uid === policy.uid)) return stored.metadata.uid;
    if (owners.some((owner) => owner.kind === "HealthPolicy" && owner.name === policy.name)) {
      const message = `ConfigMap ${name} of a deleted policy of this name has not been collected yet.`;
      return { state: "waiting", message };
    }
    const message = `ConfigMap ${name} exists and belongs to somebody else; delete it or rename the policy.`;
    return { state: "blocked", message };
  }

  async function apply(policy: EffectivePolicy, uid: string | undefined): Promise<string> {
    const object = policyConfigMap(policy);
    const stored = await client.apply<Stored>({
      path: pathOf(policy.namespace, object.metadata.name),
      // The uid makes the write fail when another object has taken the name since.
      object: { ...object, metadata: { ...object.metadata, ...(uid && { uid }) } },
      fieldManager: FIELD_MANAGER,
      // It is ours: an edit by hand must not hold back the policy.
      force: true,
    });
    return stored.metadata.uid ?? "";
  }

  /** Decides by what is there, and writes. */
  async function lookAndApply(key: string, policy: EffectivePolicy): Promise<ConfigMapResult> {
    const last = known.get(key);
    known.delete(key);
    const found = last?.policyUid === policy.uid ? last.uid : await look(policy);
    if (typeof found === "object") return found;
    const uid = await apply(policy, found);
    const content = JSON.stringify(policyConfigMap(policy));
    known.set(key, { policyUid: policy.uid, content, uid, at: performance.now() });
    return { state: "written" };
  }

  function isFresh(key: string, policy: EffectivePolicy): boolean {
    const last = known.get(key);
    if (!last || performance.now() - last.at >= REAPPLY_MILLISECONDS) return false;
    // The uid of the policy is part of the content.
    return last.content === JSON.stringify(policyConfigMap(policy));
  }

  return {
    write: async (policy) => {
      const key = `${policy.namespace}/${policy.name}`;
      if (isFresh(key, policy)) return { state: "written" };
      try {
        return await lookAndApply(key, policy);
      } catch (error) {
        if (!isApiError(error, 409)) throw error;
        return { state: "waiting", message: "The ConfigMap has been replaced; looking again." };
      }
    },
    forget: (key) => known.delete(key),
  };
}

function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}
