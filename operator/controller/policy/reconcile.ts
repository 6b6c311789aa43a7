/**
 * What the leader does about one policy: read all, decide, write ConfigMap and status. Level-triggered:
 * it may be called at any time and as often as anybody likes.
 */
import { isDeepStrictEqual } from "node:util";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { API_VERSION, HEALTH_POLICIES } from "../../api/names.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { Caches } from "../caches.ts";
import { isApiError, type KubeClient } from "../kube/kube-client.ts";
import type { WebhookWriter } from "../webhook-configuration/apply-webhook-configuration.ts";
import { excludedNamespaces } from "../webhook-configuration/webhook-configuration.ts";
import { type ConfigMapWriter, REAPPLY_MILLISECONDS } from "./apply-configmap.ts";
import { replicasWithout } from "./ask-replicas.ts";
import { countPods, NO_PODS, type PodCounts } from "./pod-counts.ts";
import { type PodIndex, readyReplicas } from "./pods.ts";
import type { PolicyRecord } from "./policy-cache.ts";
import { excludedMessage, type Programmed, policyStatus, wasProgrammed } from "./status.ts";

const FIELD_MANAGER = "healthpolicy-status";
/** Each API server learns of the configuration by its own watch; measured 4 to 7 ms for one. */
const SEEN_BY_API_SERVERS_MILLISECONDS = 1_000;
/** When to look again, by what was found. */
const AGAIN_MILLISECONDS: Readonly<Record<Programmed["state"], number>> = {
  yes: REAPPLY_MILLISECONDS,
  excluded: REAPPLY_MILLISECONDS,
  waiting: 300,
  // No event tells that somebody else's ConfigMap is gone.
  blocked: 5_000,
};
/** Our own write comes back to the cache well within this. */
const ECHO_MILLISECONDS = 5_000;

export interface ReconcilerOptions {
  client: KubeClient;
  caches: Caches;
  pods: PodIndex;
  /** Whether the index is complete. Until then it proves nothing about pods or replicas. */
  podsSynced: () => boolean;
  configMaps: ConfigMapWriter;
  webhook: WebhookWriter;
  /** This replica's pod and namespace. */
  podName: string;
  namespace: string;
  webhookPort: number;
  dnsName: string;
}

/** The leader's work on policies. */
export interface Reconciler {
  /** Works on the policy `namespace/name`; resolves with the milliseconds until it wants to be called. */
  reconcile(key: string): Promise<number | undefined>;
  /** Counts of the policies as of their last call, by key. */
  counts(): ReadonlyMap<string, PodCounts>;
}

interface Written {
  uid: string;
  status: HealthPolicyStatus;
  at: number;
}

/** A reconciler that remembers nothing yet. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { client, caches, configMaps, webhook, namespace: own } = options;
  const written = new Map<string, Written>();
  const counts = new Map<string, PodCounts>();

  async function askReplicas(policy: EffectivePolicy): Promise<Programmed> {
    const caBundle = caches.certificate()?.data["ca.crt"];
    const replicas = readyReplicas(options.pods.pods(own), options.podName);
    if (caBundle === undefined || replicas.length === 0) {
      return { state: "waiting", message: "No replica of the operator is ready." };
    }
    const without = await replicasWithout(
      policy,
      replicas.map(({ name, ip }) => ({ name, ip: ip ?? "" })),
      { port: options.webhookPort, dnsName: options.dnsName, caBundle },
    );
    if (without.length === 0) return { state: "yes" };
    const message = `Waiting for replicas of the operator to know the policy: ${without.join(", ")}.`;
    return { state: "waiting", message };
  }

  function excluded(namespace: string, optedOut: boolean): Programmed {
    return { state: "excluded", message: excludedMessage(namespace, optedOut) };
  }

  /** Whether admission knows the policy: API servers first, then each replica. */
  async function reach(policy: EffectivePolicy): Promise<Programmed> {
    const reachedFor = webhook.reachedFor(policy.namespace) ?? 0;
    if (reachedFor >= SEEN_BY_API_SERVERS_MILLISECONDS) return askReplicas(policy);
    const message = "The webhook configuration is on its way to the API servers.";
    return { state: "waiting", message };
  }

  async function program(
    policy: EffectivePolicy,
    previous: HealthPolicyStatus | undefined,
  ): Promise<Programmed> {
    const { namespace } = policy;
    if (excludedNamespaces(own).includes(namespace)) return excluded(namespace, false);
    const configMap = await configMaps.write(policy);
    if (configMap.state !== "written") return configMap;
    // Only now: the label ends injection, but pods that run with the sidecar still follow the policy.
    if (caches.namespaceOptedOut(namespace)) return excluded(namespace, true);
    // Once true it stays true for this generation: a replica gets ready only with a full cache.
    return wasProgrammed(previous, policy.generation) ? { state: "yes" } : reach(policy);
  }

  function count(record: PolicyRecord): PodCounts {
    if (!("policy" in record.resolution)) return NO_PODS;
    const { namespace } = record;
    const policies = caches.index.policies(namespace);
    return countPods(record.resolution.policy, policies, options.pods.pods(namespace));
  }

  /** The status as it stands: what we wrote last, unless that was about another object. */
  function previousStatus(key: string, record: PolicyRecord): HealthPolicyStatus | undefined {
    const last = written.get(key);
    return last?.uid === record.uid ? last.status : record.status;
  }

  async function writeStatus(
    key: string,
    record: PolicyRecord,
    status: HealthPolicyStatus,
  ): Promise<void> {
    const last = written.get(key);
    const echoing = last?.uid === record.uid && performance.now() - last.at < ECHO_MILLISECONDS;
    const stands = echoing ? last.status : record.status;
    if (isDeepStrictEqual(stands, status)) return;
    const { namespace, name, uid } = record;
    await client.apply({
      path: `/apis/${API_VERSION}/namespaces/${namespace}/${HEALTH_POLICIES}/${name}/status`,
      object: {
        apiVersion: API_VERSION,
        kind: "HealthPolicy",
        // The uid keeps a new policy of this name from getting the old one's status.
        metadata: { name, namespace, uid },
        status,
      },
      fieldManager: FIELD_MANAGER,
      force: true,
    });
    written.set(key, { uid, status, at: performance.now() });
  }

  function forget(key: string): void {
    written.delete(key);
    counts.delete(key);
    configMaps.forget(key);
  }

  async function reconcileRecord(key: string, record: PolicyRecord): Promise<number> {
    const { resolution, namespace, generation } = record;
    const previous = previousStatus(key, record);
    const programmed: Programmed =
      "policy" in resolution
        ? await program(resolution.policy, previous)
        : { state: "waiting", message: "" };
    // Counted now, a new leader would tell the status that there are no pods.
    if (!options.podsSynced()) return AGAIN_MILLISECONDS.waiting;
    const current = count(record);
    counts.set(key, current);
    const facts = { namespace, generation, resolution, counts: current, programmed };
    await writeStatus(key, record, policyStatus({ ...facts, previous, now: new Date() }));
    return "policy" in resolution ? AGAIN_MILLISECONDS[programmed.state] : REAPPLY_MILLISECONDS;
  }

  return {
    counts: () => counts,
    reconcile: async (key) => {
      const record = caches.policies.get(key);
      if (!record) {
        forget(key);
        return undefined;
      }
      try {
        return await reconcileRecord(key, record);
      } catch (error) {
        // Deleted or replaced while we worked: the watch will say so.
        const gone = isApiError(error, 404) || isApiError(error, 409);
        if (gone && caches.policies.get(key)?.uid !== record.uid) return undefined;
        throw error;
      }
    },
  };
}
