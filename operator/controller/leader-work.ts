/** What a leader does about each kind of work item. */
import type { Logger } from "pino";
import type { NamespacedName } from "../api/namespaced-name.ts";
import type { Caches } from "./caches.ts";
import { writeCertificate } from "./certificate/apply-certificate.ts";
import { trustedAuthorities } from "./certificate/certificate-plan.ts";
import {
  type ClusterReconciler,
  createClusterReconciler,
} from "./cluster-policy/reconcile-cluster-policy.ts";
import {
  createEventRecorder,
  type EventRecorder,
  type EventRecorderOptions,
} from "./events/event-recorder.ts";
import { createTellInjections } from "./events/tell-injections.ts";
import { createTellTransitions } from "./events/tell-transitions.ts";
import { recordStop } from "./image-pulls/record-stop.ts";
import { type ImagePulls, watchImagePulls } from "./image-pulls/watch-image-pulls.ts";
import type { KubeClient } from "./kube/kube-client.ts";
import type { Queue } from "./kube/queue.ts";
import { createNudgeBoundProver, type NudgeBound } from "./nudge/nudge-bound.ts";
import { createNudger, type NudgerOptions } from "./nudge/nudge-pods.ts";
import type { NudgeResult } from "./nudge/nudge-result.ts";
import { createTellNudges, type NudgedPolicy } from "./nudge/tell-nudges.ts";
import type { PodWatches } from "./pods/pod-watches.ts";
import { createConfigMapWriter } from "./policy/apply-configmap.ts";
import { createReconciler, type Reconciler } from "./policy/reconcile.ts";
import type { EvictionResult } from "./rollout/evict-pod.ts";
import { createEvictionPace } from "./rollout/eviction-pace.ts";
import { createRollouts } from "./rollout/rollouts.ts";
import type { OperatorSettings } from "./settings.ts";
import { askSidecar } from "./sidecars/ask-sidecar.ts";
import { type Ask, createSurvey } from "./sidecars/survey-sidecars.ts";
import {
  createWebhookWriter,
  WEBHOOK_REAPPLY_MILLISECONDS,
  type WebhookWriter,
} from "./webhook-configuration/apply-webhook-configuration.ts";
import { CHARTS_CONFIGURATION } from "./webhook-configuration/charts-configuration.ts";
import { createWebhookProver, type WebhookProver } from "./webhook-configuration/prove-webhook.ts";
import { PROOF_RETRY_MILLISECONDS } from "./webhook-configuration/webhook-proof.ts";
import { policyItem, rolloutItem, type WorkItem } from "./work-item.ts";

/** Certificates live for weeks; the Secret's own changes are watched. */
const CERTIFICATE_CHECK_MILLISECONDS = 60_000;
/** From a write of the webhook configuration to its proof: API servers learn of it by a watch of theirs. */
const PROOF_AFTER_WRITE_MILLISECONDS = 1_000;

/** Sidecars that are asked at the same moment answer together. */
const ANSWERS_MILLISECONDS = 300;

/** What the work needs. */
export interface LeaderWorkOptions {
  client: KubeClient;
  caches: Caches;
  settings: OperatorSettings;
  /** Name in the webhook's certificate. */
  dnsName: string;
  /** Pods by namespace. */
  pods: Pick<PodWatches, "pods" | "terminating" | "synced">;
  /** Takes the work that follows from other work. */
  queue: Pick<Queue<WorkItem>, "add" | "addAfter">;
  /** Queues every policy: what all of them say has changed. */
  queueAllPolicies: () => void;
  /** Called with the result of each eviction. */
  onEviction: (result: EvictionResult["result"]) => void;
  /** Called with what became of each nudge. */
  onNudge: (result: NudgeResult) => void;
  /** Called with what became of each Event. */
  onEventResult?: EventRecorderOptions["onResult"];
  /** How a sidecar is asked; for tests. */
  ask?: Ask;
  log: Logger;
}

/** The work, and what is known from it. */
export interface LeaderWork {
  /** Works on one item; resolves with the milliseconds until it is to be worked on again, if at all. */
  handle(item: WorkItem): Promise<number | undefined>;
  /** Pod counts by policy. */
  counts: Reconciler["counts"];
  /** Coverage of standards by ClusterHealthPolicy. */
  coverages: ClusterReconciler["coverages"];
  /** Whether API servers get through to the webhook. */
  webhookReach: WebhookProver["reach"];
  /** Whether the operator may change no more of pods than its annotation; undefined without `nudge.enabled`. */
  nudgeBound(): NudgeBound | undefined;
  /** Namespaces with a policy in which injection is stopped. */
  stoppedNamespaces: ImagePulls["stoppedNamespaces"];
  /** Pods of more namespaces are known; to be called before their policies are worked on. */
  podsKnown(): void;
  /** A policy is gone; to be called while its pods are still known. */
  policyDeleted(policy: NudgedPolicy): void;
  /** Ends what goes on by itself. */
  stop(): Promise<void>;
}

/** What there is with the chart's `nudge.enabled`. */
function nudgesOf(
  { client, pods, settings, onNudge, log }: LeaderWorkOptions,
  { events, stands }: { events: EventRecorder; stands: NudgerOptions["stands"] },
) {
  const tell = createTellNudges({ events, onResult: onNudge, log });
  const pod = { namespace: settings.namespace, name: settings.podName };
  return {
    nudger: createNudger({ client, pods, stands, tell }),
    bound: createNudgeBoundProver({ client, pod, log }),
  };
}

function webhookWriterOf({ client, settings, log }: LeaderWorkOptions): WebhookWriter {
  const { namespace, webhookService, webhookTimeoutSeconds, clusterRole } = settings;
  if (settings.webhookConfigurationOwner === "chart") return CHARTS_CONFIGURATION;
  return createWebhookWriter({
    client,
    target: { namespace, service: webhookService, timeoutSeconds: webhookTimeoutSeconds },
    clusterRole,
    log,
  });
}

/** Work of which nothing is done yet. */
export function createLeaderWork(options: LeaderWorkOptions): LeaderWork {
  const { client, caches, settings, dnsName, queue, log } = options;
  const { namespace, webhookPort } = settings;
  const events = createEventRecorder({
    client,
    podName: settings.podName,
    onResult: options.onEventResult,
    log,
  });
  const webhook = webhookWriterOf(options);
  const prover = createWebhookProver({
    client,
    target: { namespace, port: webhookPort },
    whyUnwritten: webhook.whyUnwritten,
    onFirstUnanswered: () => {
      webhook.writeAgain();
      queue.add({ kind: "webhookConfiguration" });
    },
    onChange: options.queueAllPolicies,
    log,
  });
  const survey = createSurvey({
    onChange: (policy) => queue.addAfter(policyItem(policy), ANSWERS_MILLISECONDS),
    ask: options.ask,
    log,
  });
  const configMaps = createConfigMapWriter(client);
  const nudges = settings.nudge
    ? nudgesOf(options, { events, stands: configMaps.stands })
    : undefined;
  const imagePulls = watchImagePulls({
    image: settings.inject.image,
    namespaces: () => caches.index.namespaces(),
    pods: options.pods.pods,
    synced: options.pods.synced,
    policies: () => caches.policies.values(),
    onChange: options.queueAllPolicies,
    onTransition: (transition) =>
      recordStop(transition, { policies: caches.policies.values(), events }),
    log,
  });
  const rollouts = createRollouts({
    client,
    caches,
    pods: options.pods,
    namespace,
    evictionsPerMinute: settings.evictionsPerMinute,
    pace: createEvictionPace(settings.evictionsPerMinute),
    webhookReach: prover.reach,
    isImageUnproven: (namespace) => imagePulls.whyUnproven(namespace) !== undefined,
    webhookAnswers: prover.answers,
    ask: options.ask ?? ((address) => askSidecar(address)),
    events,
    onEviction: options.onEviction,
    onChange: (policy) => queue.add(policyItem(policy)),
    onWork: (policy) => queue.add(rolloutItem(policy)),
    log,
  });
  const reconciler = createReconciler({
    client,
    caches,
    pods: options.pods,
    survey,
    injections: createTellInjections(events),
    transitions: createTellTransitions({
      events,
      lookAgain: (policy, milliseconds) => queue.addAfter(policyItem(policy), milliseconds),
    }),
    events,
    rollout: rollouts.status,
    configMaps,
    onConfigMapChange: nudges?.nudger.wrote,
    webhook,
    webhookReach: prover.reach,
    whyStopped: imagePulls.whyStopped,
    whyUnproven: imagePulls.whyUnproven,
    podName: settings.podName,
    namespace,
    webhookPort,
    dnsName,
  });

  const clusterPolicies = createClusterReconciler({ client, caches, pods: options.pods });

  async function certificate(): Promise<number | undefined> {
    // Somebody else makes it, perhaps with a key or for a time that we would not choose: no reason to replace it.
    if (settings.certificateFolder !== undefined) return undefined;
    await writeCertificate(options, caches.certificate(), Date.now());
    return CERTIFICATE_CHECK_MILLISECONDS;
  }

  async function webhookConfiguration(): Promise<number | undefined> {
    const caBundle = trustedAuthorities(caches.certificate()?.data ?? {});
    // Called again when the Secret is filled or mended: a change of it is work for the configuration too.
    if (caBundle === undefined) return undefined;
    const applied = {
      selectors: caches.selectorsOfAppliedStandards(),
      namespaces: [...caches.namespacesWithAppliedStandards()],
    };
    const namespaces = [...caches.index.namespaces()];
    // The first proof; each one then says itself when the next is due.
    const proveAfter = (wait: number) => queue.addAfter({ kind: "webhookProof" }, wait);
    try {
      const wrote = await webhook.write({ caBundle, namespaces, applied });
      if (wrote) proveAfter(PROOF_AFTER_WRITE_MILLISECONDS);
    } catch (error) {
      // What was written before may still serve, or nothing may be there: without a proof nobody would be told which.
      proveAfter(PROOF_RETRY_MILLISECONDS);
      throw error;
    }
    return WEBHOOK_REAPPLY_MILLISECONDS;
  }

  /** Whatever may change a rollout is work for its policy first. */
  async function policy(item: NamespacedName): Promise<number | undefined> {
    const again = await reconciler.reconcile(item);
    if (rollouts.concern(item)) queue.add(rolloutItem(item));
    return again;
  }

  function handle(item: WorkItem): Promise<number | undefined> {
    switch (item.kind) {
      case "certificate":
        return certificate();
      case "webhookConfiguration":
        return webhookConfiguration();
      case "imagePulls":
        return Promise.resolve(imagePulls.look());
      case "webhookProof":
        return prover.prove();
      case "nudgeProof":
        return nudges?.bound.prove() ?? Promise.resolve(undefined);
      case "policy":
        return policy(item);
      case "rollout":
        return rollouts.work(item);
      case "clusterPolicy":
        return clusterPolicies.reconcile(item);
    }
  }

  return {
    handle,
    counts: reconciler.counts,
    coverages: clusterPolicies.coverages,
    webhookReach: prover.reach,
    nudgeBound: () => nudges?.bound.state(),
    stoppedNamespaces: imagePulls.stoppedNamespaces,
    podsKnown: () => {
      const after = imagePulls.look();
      if (after !== undefined) queue.addAfter({ kind: "imagePulls" }, after);
    },
    policyDeleted: (policy) => nudges?.nudger.deleted(policy),
    stop: async () => {
      await Promise.all([survey.stop(), rollouts.stop(), events.stop(), nudges?.nudger.stop()]);
    },
  };
}
