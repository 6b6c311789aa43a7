/**
 * What the leader does about one policy: read all, decide, write ConfigMap and status. Level-triggered:
 * it may be called at any time and as often as anybody likes.
 */
import {
  type EffectivePolicy,
  policyInForce,
  type Resolution,
} from "../../api/effective-policy.ts";
import { isExcludedNamespace } from "../../api/names.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import type { Caches } from "../caches.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { TellInjections } from "../events/tell-injections.ts";
import type { TellTransitions } from "../events/tell-transitions.ts";
import { isAnswerToReplaced, isApiError } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { PodWatches } from "../pods/pod-watches.ts";
import type { AskablePod } from "../sidecars/sidecar-reports.ts";
import type { Survey } from "../sidecars/survey-sidecars.ts";
import type { WebhookWriter } from "../webhook-configuration/apply-webhook-configuration.ts";
import type { Reach } from "../webhook-configuration/webhook-proof.ts";
import type { ConfigMapWriter } from "./apply-configmap.ts";
import { createAskReplicas } from "./ask-replicas.ts";
import { createDeliveries, type Delivery } from "./deliveries.ts";
import { findOwners } from "./find-owners.ts";
import { NO_PODS, type PodCounts } from "./pod-counts.ts";
import { type PodFacts, podFacts } from "./pod-facts.ts";
import type { PolicyRecord } from "./policy-cache.ts";
import {
  configMapToWrite,
  needsReplicas,
  type PolicyFacts,
  type PolicyPlan,
  policyPlan,
  type ReplicaFacts,
} from "./policy-plan.ts";
import { readyReplicas } from "./ready-replicas.ts";
import { sharedFaultEvents } from "./shared-fault-events.ts";
import { createWaitingTimes } from "./waiting-times.ts";
import { type NamespaceExclusion, whyNamespaceExcluded } from "./why-namespace-excluded.ts";
import { createStatusWriter, HEALTH_POLICY_STATUS } from "./write-status.ts";

/** After a write that met another object than was read: read again, at a pace that cannot turn into a loop. */
const CONFLICT_MILLISECONDS = 300;

const NOT_ASKED: ReplicaFacts = { known: false, ready: 0, without: [] };

/** What a reconciler needs. */
export interface ReconcilerOptions {
  client: KubeClient;
  caches: Caches;
  /** Pods by namespace. Until those of one are synced, they say nothing about policies or replicas. */
  pods: Pick<PodWatches, "pods" | "synced">;
  /** Asks sidecars. */
  survey: Pick<Survey, "follow" | "outcome">;
  /** Says on pods and policy what they say. */
  transitions: TellTransitions;
  /** Says on the policy what becomes of its pods together. */
  events: Pick<EventRecorder, "record">;
  /** Says on what makes pods whether they get the sidecar. */
  injections: TellInjections;
  configMaps: ConfigMapWriter;
  /** How far the rollout of a policy is. */
  rollout: (record: PolicyRecord) => RolloutStatus | undefined;
  /** Called when pods follow something else from now on: this version of the policy's ConfigMap. */
  onConfigMapChange?: ((policy: PolicyRecord, version: string) => void) | undefined;
  webhook: Pick<WebhookWriter, "listedFor" | "whyUnwritten">;
  /** Whether API servers get through to the webhook. */
  webhookReach: () => Reach;
  /** Why pods of a namespace are not to be injected: nodes cannot pull or start the sidecar's image. */
  whyStopped: (namespace: string) => string | undefined;
  /** What is said where they are injected again, and nothing has shown that nodes can pull it. */
  whyUnproven: (namespace: string) => string | undefined;
  /** This replica's pod and namespace. */
  podName: string;
  namespace: string;
  webhookPort: number;
  dnsName: string;
}

/** The leader's work on policies. */
export interface Reconciler {
  /** Works on a policy; resolves with the milliseconds until it wants to be called again. */
  reconcile(policy: NamespacedName): Promise<number | undefined>;
  /** Counts of the policies as of their last call, by key. */
  counts(): ReadonlyMap<string, PodCounts>;
}

interface Facts extends PolicyFacts {
  delivery: Delivery | undefined;
  inForce: EffectivePolicy | undefined;
  /** Undefined while they are not known, or where nothing is in force that could have any. */
  pods: PodFacts | undefined;
}

/** A reconciler that remembers nothing yet. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { caches, configMaps, survey, transitions, webhook, namespace: own } = options;
  const statuses = createStatusWriter(options.client, HEALTH_POLICY_STATUS);
  const counts = new Map<string, PodCounts>();
  const deliveries = createDeliveries(options);
  const replicaAnswers = createAskReplicas();
  const waiting = createWaitingTimes();

  function exclusionOf(namespace: string): NamespaceExclusion {
    return {
      excluded: isExcludedNamespace(namespace, own),
      optedOut: caches.namespaceOptedOut(namespace),
    };
  }

  async function podsOf(
    policy: EffectivePolicy,
    exclusion: NamespaceExclusion,
  ): Promise<PodFacts | undefined> {
    const { namespace } = policy;
    if (!options.pods.synced(namespace)) return undefined;
    const claims = caches.index.claims(namespace);
    await findOwners(claims, options.pods.pods(namespace));
    if (!options.pods.synced(namespace)) return undefined;
    const read = {
      all: options.pods.pods(namespace),
      claims,
      outcomeOf: (pod: AskablePod) => survey.outcome(policy, pod),
    };
    const whyExcluded = whyNamespaceExcluded(namespace, exclusion);
    return podFacts(policy, read, { service: caches.service, whyExcluded });
  }

  async function readFacts(record: PolicyRecord, resolution: Resolution): Promise<Facts> {
    const { namespace, generation } = record;
    const exclusion = exclusionOf(namespace);
    const delivery = deliveries.of(resolution);
    const configMap = delivery && !exclusion.excluded ? await deliveries.look(delivery) : undefined;
    const inForce = policyInForce(resolution);
    const pods = inForce && (await podsOf(inForce, exclusion));
    return {
      delivery,
      inForce,
      pods,
      namespace,
      generation,
      resolution,
      ...exclusion,
      configMap,
      keepsDelivered: delivery?.isKept === true,
      webhookReach: options.webhookReach(),
      whyStopped: options.whyStopped(namespace),
      whyUnproven: options.whyUnproven(namespace),
      listedForMilliseconds: webhook.listedFor(namespace),
      webhookUnwritten: webhook.whyUnwritten(),
      counts: inForce ? pods?.counts : NO_PODS,
      rollout: options.rollout(record),
      previous: statuses.previous(record),
      waitedMilliseconds: waiting.waited(record),
      now: new Date(),
    };
  }

  /** Has sidecars asked, and says on pods and policy what is new about them. */
  function tell(record: PolicyRecord, { inForce, pods: known }: Facts): void {
    if (!inForce) {
      survey.follow(record, []);
      transitions.forget(record);
    }
    if (!known) return;
    const { policy, claims, pods, all, toAsk, outcomeOf, reports } = known;
    options.injections.look({ policy, claims, pods });
    survey.follow(policy, toAsk);
    // A dry run makes no pod unready.
    if (policy.mode === "DryRun") transitions.forget(policy);
    else transitions.look({ policy, pods: all, toAsk, outcomeOf, reports });
  }

  async function askReplicas(record: PolicyRecord): Promise<ReplicaFacts> {
    const caBundle = caches.certificate()?.data["ca.crt"];
    const replicas = readyReplicas(options.pods.pods(own), options.podName);
    const known = options.pods.synced(own);
    if (caBundle === undefined) return { known, ready: 0, without: [] };
    const without = await replicaAnswers.without(
      record,
      replicas.map(({ name, ip }) => ({ name, ip: ip ?? "" })),
      { port: options.webhookPort, dnsName: options.dnsName, caBundle },
    );
    return { known, ready: replicas.length, without };
  }

  /** What is known once the ConfigMap is written, where it is due. */
  async function writeConfigMap(record: PolicyRecord, facts: Facts): Promise<Facts> {
    const due = configMapToWrite(facts);
    if (!due || !facts.delivery) return facts;
    const configMap = await configMaps.write(facts.delivery.policy, due);
    if (configMap.state === "current" && configMap.changedTo !== undefined) {
      options.onConfigMapChange?.(record, configMap.changedTo);
    }
    return { ...facts, configMap };
  }

  /** Resolves with the milliseconds after which it wants to be called again. */
  async function writeStatus(record: PolicyRecord, plan: PolicyPlan): Promise<number> {
    const { status } = plan;
    const previous = statuses.previous(record);
    const asked = status && (await statuses.write(record, status));
    // Said once it is written, so that a new leader does not say it again.
    const events = status && asked === undefined ? sharedFaultEvents(record, previous, status) : [];
    for (const event of events) options.events.record(event);
    return Math.min(plan.againMilliseconds, asked ?? Number.POSITIVE_INFINITY);
  }

  /** With the ConfigMap refused it rejects, so that the queue tries again and the log tells of it. */
  async function reconcileRecord(record: PolicyRecord, resolution: Resolution): Promise<number> {
    const read = await readFacts(record, resolution);
    tell(record, read);
    if (read.counts) counts.set(keyOf(record), read.counts);
    // Before replicas are asked: one that is silent must hold up no edit. The status comes last: what it says of the
    // ConfigMap must be true when it can be read.
    const facts = await writeConfigMap(record, read);
    const replicas = needsReplicas(facts) ? await askReplicas(record) : NOT_ASKED;
    const plan = policyPlan(facts, replicas);
    waiting.seen(record, plan.waits);
    const again = await writeStatus(record, plan);
    if (facts.configMap?.state === "refused") throw facts.configMap.error;
    return Math.min(again, facts.delivery?.againMilliseconds ?? again);
  }

  function forget(key: string): void {
    statuses.forget(key);
    counts.delete(key);
    configMaps.forget(key);
    waiting.forget(key);
  }

  /** What a failed call means for a policy that may have changed meanwhile. */
  function afterError(error: unknown, record: PolicyRecord): number | undefined {
    // Deleted or replaced while we worked: the watch will say so.
    const isReplaced = caches.policies.get(keyOf(record))?.uid !== record.uid;
    if (isReplaced && isAnswerToReplaced(error)) return undefined;
    if (isApiError(error, 409)) return CONFLICT_MILLISECONDS;
    throw error;
  }

  return {
    counts: () => counts,
    reconcile: async (policy) => {
      const key = keyOf(policy);
      const record = caches.policies.get(key);
      const resolution = caches.index.resolution(policy);
      if (!record || !resolution) {
        survey.follow(policy, []);
        transitions.forget(policy);
        deliveries.forget(policy);
        forget(key);
        return undefined;
      }
      try {
        return await reconcileRecord(record, resolution);
      } catch (error) {
        return afterError(error, record);
      }
    },
  };
}
