/** Writes the ConfigMaps of policies, and never one that is somebody else's. */
import { randomUUID } from "node:crypto";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { policyConfigMapName } from "../../api/names.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import { type DeliveredPolicy, policyConfigMap } from "./configmap.ts";
import { type ConfigMapRefused, createConfigMapRefusals } from "./configmap-refusals.ts";

/**
 * Written again after so long even when unchanged: we may not read it, and it may have been edited. Each
 * time is drawn anew from the least to the most, so that those written together at a start spread out.
 */
const REAPPLY_LEAST_MILLISECONDS = 300_000;
const REAPPLY_MOST_MILLISECONDS = 600_000;

const FIELD_MANAGER = "healthpolicy-configmap";
/** Beginning of the field manager of each look. */
const LOOK_MANAGER = "healthpolicy-look";

/** Ours, written not long ago and with this content; to be written again after so many milliseconds. */
export interface ConfigMapCurrent {
  state: "current";
  dueMilliseconds: number;
  /** Version of what was just written, where pods follow something else from then on. */
  changedTo?: string;
}

/** Nothing, or ours with this uid: it is to be written. */
export interface ConfigMapDue {
  state: "due";
  uid: string | undefined;
  /** Its version when it was last read or written; the next write changes it only if it changes the content. */
  version: string | undefined;
  /** Whether there is one of this very policy, which pods may follow until then. */
  stands: boolean;
}

/** What there is under the name of a policy's ConfigMap. */
export type ConfigMapFound =
  | ConfigMapCurrent
  | ConfigMapDue
  /** The ConfigMap of a deleted policy of this name is about to be collected. */
  | { state: "waiting"; message: string }
  /** Somebody else's object has the name. */
  | { state: "blocked"; message: string }
  /** The API server does not store it. */
  | ConfigMapRefused;

/** Writes one ConfigMap per policy. */
export interface ConfigMapWriter {
  /** Changes nothing; asks the API server only where memory does not tell. */
  look(policy: DeliveredPolicy): Promise<ConfigMapFound>;
  /**
   * Writes what `look` found to be due; `found` is from there. Rejects with 409 when another object has taken
   * the name since, or somebody has written to it, as the next leader has: look again.
   */
  write(policy: DeliveredPolicy, found: ConfigMapDue): Promise<ConfigMapCurrent | ConfigMapRefused>;
  /** What was last written of this very policy; undefined where that is not known, as to a new leader. */
  delivered(policy: EffectivePolicy): DeliveredPolicy | undefined;
  /** Whether there is a ConfigMap of this name; asks the API server. */
  stands(policy: NamespacedName): Promise<boolean>;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Stored {
  metadata: {
    uid?: string;
    resourceVersion?: string;
    managedFields?: { manager?: string }[];
    ownerReferences?: OwnerReference[];
  };
}

interface Known {
  policyUid: string;
  content: string;
  /** What pods follow of it. */
  followed: string;
  uid: string;
  version: string | undefined;
  dueAt: number;
}

/** A writer that knows nothing yet: it writes every ConfigMap once. `random` is from 0 to 1, for tests. */
export function createConfigMapWriter(
  client: KubeClient,
  random: () => number = Math.random,
): ConfigMapWriter {
  const known = new Map<string, Known>();
  const delivered = new Map<string, DeliveredPolicy>();
  const refusals = createConfigMapRefusals();

  /**
   * Finds out by a dry run that names no field: it changes nothing and answers with the object as it is, so that no
   * right to read ConfigMaps is needed. Without a version in the answer there is none. Each has a field manager of its
   * own: an apply takes out what managedFields say its manager applied before, and who may write the ConfigMap could
   * write there that a known one applied our owner.
   */
  async function read(policy: NamespacedName): Promise<Stored> {
    const name = policyConfigMapName(policy.name);
    const { namespace } = policy;
    return client.apply<Stored>({
      path: pathOf(namespace, name),
      object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } },
      fieldManager: `${LOOK_MANAGER}-${randomUUID()}`,
      force: false,
      dryRun: true,
    });
  }

  async function ask(policy: DeliveredPolicy): Promise<ConfigMapFound> {
    const name = policyConfigMapName(policy.name);
    const stored = await read(policy);
    // Without a version the object was never stored: a real apply would create it.
    if (!stored.metadata.resourceVersion)
      return { state: "due", uid: undefined, version: undefined, stands: false };
    const { uid, resourceVersion: version, ownerReferences: owners = [] } = stored.metadata;
    if (owners.some((owner) => owner.uid === policy.uid)) {
      return { state: "due", uid, version, stands: true };
    }
    if (owners.some((owner) => owner.kind === "HealthPolicy" && owner.name === policy.name)) {
      const message = `ConfigMap ${name} of a deleted policy of this name has not been collected yet.`;
      return { state: "waiting", message };
    }
    // Somebody took our owner out of it, or deleted the policy before and left its ConfigMap.
    if (isWrittenByUs(stored)) return { state: "due", uid, version, stands: false };
    const message = `ConfigMap ${name} exists and belongs to ${whoseAndWhatToDo(owners)} or rename the policy.`;
    return { state: "blocked", message };
  }

  /**
   * Leaves the policy as the only owner. An apply adds it and removes nobody: with another owner the
   * ConfigMap would outlive the policy, and pods would go on following it.
   */
  async function removeOtherOwners(
    policy: DeliveredPolicy,
    uid: string | undefined,
  ): Promise<Stored> {
    const { name, ownerReferences } = policyConfigMap(policy).metadata;
    return client.request<Stored>({
      method: "PATCH",
      path: pathOf(policy.namespace, name),
      query: { fieldManager: FIELD_MANAGER },
      contentType: "application/merge-patch+json",
      body: { metadata: { ...(uid && { uid }), ownerReferences } },
    });
  }

  async function apply(
    policy: DeliveredPolicy,
    { uid, version }: Pick<ConfigMapDue, "uid" | "version">,
  ): Promise<Stored["metadata"]> {
    const object = policyConfigMap(policy);
    const seen = { ...(uid && { uid }), ...(version && { resourceVersion: version }) };
    const stored = await client.apply<Stored>({
      path: pathOf(policy.namespace, object.metadata.name),
      // The uid makes the write fail when another object has taken the name since. The version does so where the next
      // leader has written: one that stood still with its node would take pods back to what the policy said before.
      object: { ...object, metadata: { ...object.metadata, ...seen } },
      fieldManager: FIELD_MANAGER,
      // It is ours: an edit by hand must not hold back the policy.
      force: true,
    });
    const [owner] = object.metadata.ownerReferences;
    if (owner && stored.metadata.ownerReferences?.some(({ uid }) => uid !== owner.uid)) {
      return (await removeOtherOwners(policy, stored.metadata.uid)).metadata;
    }
    return stored.metadata;
  }

  function found(last: Known, policy: DeliveredPolicy): ConfigMapFound {
    const dueMilliseconds = last.dueAt - performance.now();
    const same = last.content === JSON.stringify(policyConfigMap(policy));
    if (same && dueMilliseconds > 0) return { state: "current", dueMilliseconds };
    return { state: "due", uid: last.uid, version: last.version, stands: true };
  }

  async function write(
    policy: DeliveredPolicy,
    { uid, version }: Pick<ConfigMapDue, "uid" | "version">,
  ): Promise<ConfigMapCurrent> {
    const key = keyOf(policy);
    const last = known.get(key);
    const followed = followedIn(policy);
    const before = delivered.get(key);
    // Until the write has succeeded, nothing is known: it may be carried out though its answer is lost.
    known.delete(key);
    if (before && followedIn(before) !== followed) delivered.delete(key);
    const stored = await apply(policy, { uid, version });
    refusals.forget(key);
    delivered.set(key, policy);
    const content = JSON.stringify(policyConfigMap(policy));
    const spread = REAPPLY_MOST_MILLISECONDS - REAPPLY_LEAST_MILLISECONDS;
    const due = REAPPLY_LEAST_MILLISECONDS + spread * random();
    const dueAt = performance.now() + due;
    const { uid: storedUid = "", resourceVersion } = stored;
    known.set(key, {
      policyUid: policy.uid,
      content,
      followed,
      uid: storedUid,
      version: resourceVersion,
      dueAt,
    });
    const changed = last ? last.followed !== followed : resourceVersion !== version;
    const changedTo = changed ? resourceVersion : undefined;
    return { state: "current", dueMilliseconds: due, ...(changedTo && { changedTo }) };
  }

  return {
    look: async (policy) => {
      const last = known.get(keyOf(policy));
      if (last?.policyUid === policy.uid) return found(last, policy);
      return ask(policy).catch((error) => refusals.refused(error, policy, undefined));
    },
    write: async (policy, found) => {
      try {
        return await write(policy, found);
      } catch (error) {
        return refusals.refused(error, policy, found.stands);
      }
    },
    delivered: (policy) => {
      const last = delivered.get(keyOf(policy));
      return last?.uid === policy.uid ? last : undefined;
    },
    stands: async (policy) => (await read(policy)).metadata.resourceVersion !== undefined,
    forget: (key) => {
      known.delete(key);
      delivered.delete(key);
      refusals.forget(key);
    },
  };
}

/** What pods follow: all but whom sidecars ask, which changes with the pods and is urgent for none. */
function followedIn(policy: DeliveredPolicy): string {
  return JSON.stringify(policyConfigMap({ ...policy, fleet: undefined }));
}

/**
 * The chart's admission policy lets nobody but the garbage collector delete a ConfigMap that a HealthPolicy owns: it
 * goes with its owner.
 */
function whoseAndWhatToDo(owners: readonly OwnerReference[]): string {
  return owners.some(({ kind }) => kind === "HealthPolicy")
    ? "another HealthPolicy; delete that one"
    : "somebody else; delete it";
}

/** Whether we have written a field of the object. Somebody who claims that falsely has it overwritten. */
function isWrittenByUs({ metadata }: Stored): boolean {
  return (metadata.managedFields ?? []).some(({ manager }) => manager === FIELD_MANAGER);
}

function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}
