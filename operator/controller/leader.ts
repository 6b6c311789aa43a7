/** What one replica at a time does: everything that writes. */
import type { Logger } from "pino";
import type { CacheChange, Caches } from "./caches.ts";
import { writeCertificate } from "./certificate/apply-certificate.ts";
import { endingWith, type KubeClient } from "./kube/kube-client.ts";
import { createQueue, type Queue } from "./kube/queue.ts";
import type { Change } from "./kube/watch.ts";
import { createConfigMapWriter } from "./policy/apply-configmap.ts";
import { type PodCounts, policiesToRecount } from "./policy/pod-counts.ts";
import { type PodWatches, startPodWatches } from "./policy/pod-watches.ts";
import { type PodRecord, podProjection } from "./policy/pods.ts";
import type { PolicyRecord } from "./policy/policy-cache.ts";
import { createReconciler } from "./policy/reconcile.ts";
import type { OperatorSettings } from "./settings.ts";
import {
  createWebhookWriter,
  WEBHOOK_REAPPLY_MILLISECONDS,
} from "./webhook-configuration/apply-webhook-configuration.ts";
import { createWebhookProver } from "./webhook-configuration/prove-webhook.ts";
import { NOT_PROVEN_YET, type Reach } from "./webhook-configuration/webhook-proof.ts";
import { workAfterChange } from "./work-after-change.ts";
import { policyItem, type WorkItem, workItemKey } from "./work-item.ts";

/** Certificates live for weeks; the Secret's own changes are watched. */
const CERTIFICATE_CHECK_MILLISECONDS = 60_000;
/** From a write of the webhook configuration to its proof: API servers learn of it by a watch of theirs. */
const PROOF_AFTER_WRITE_MILLISECONDS = 1_000;
/** A rollout changes many pods at once, and a release many policies: they are counted together. */
const TOGETHER_MILLISECONDS = 300;

export interface LeaderOptions {
  client: KubeClient;
  caches: Caches;
  settings: OperatorSettings;
  /** Name in the webhook's certificate. */
  dnsName: string;
  log: Logger;
}

/** The work of a leader, and what there is to see of it. */
export interface Leader {
  /** Leads until the signal fires. */
  lead(signal: AbortSignal): Promise<void>;
  /** Pod counts by policy; empty in a replica that does not lead. */
  counts(): ReadonlyMap<string, PodCounts>;
  /** The watches of pods; none in a replica that does not lead. */
  pods(): PodWatches | undefined;
  /** Whether API servers get through to the webhook; unknown in a replica that does not lead. */
  webhookReach(): Reach;
}

const NO_COUNTS: ReadonlyMap<string, PodCounts> = new Map();

/** Policies that a pod does not concern are left alone: each recount can become a write. */
function podChanged(queue: Queue<WorkItem>, caches: Caches, change: Change<PodRecord>): void {
  const { namespace } = (change.now ?? change.old) as PodRecord;
  for (const policy of policiesToRecount(change, caches.index.policies(namespace))) {
    queue.addAfter(policyItem(policy), TOGETHER_MILLISECONDS);
  }
}

/** Queues what a change of a cache asks for. */
function follow(queue: Queue<WorkItem>, caches: Caches, change: CacheChange): void {
  const { now, soon } = workAfterChange(change, caches.index.policies);
  for (const item of now) queue.add(item);
  for (const item of soon) queue.addAfter(item, TOGETHER_MILLISECONDS);
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** A leader that does nothing until it is elected. */
export function createLeader(options: LeaderOptions): Leader {
  const { caches, settings, dnsName, log } = options;
  let counts = () => NO_COUNTS;
  let pods: PodWatches | undefined;
  let webhookReach = () => NOT_PROVEN_YET.reach;

  async function lead(signal: AbortSignal): Promise<void> {
    // Who has lost the Lease must not write over what the next leader has written.
    const client = endingWith(signal, options.client);
    function queuePolicies(isMeant: (policy: PolicyRecord) => boolean = () => true): void {
      for (const policy of caches.policies.values()) {
        if (isMeant(policy)) queue.add(policyItem(policy));
      }
    }
    const watches = startPodWatches({
      client,
      ownNamespace: settings.namespace,
      project: podProjection(settings.inject.image),
      onChange: (change) => podChanged(queue, caches, change),
      onSynced: (namespaces) => queuePolicies(({ namespace }) => namespaces.includes(namespace)),
      log,
    });
    const webhook = createWebhookWriter({
      client,
      target: {
        namespace: settings.namespace,
        service: settings.webhookService,
        timeoutSeconds: settings.webhookTimeoutSeconds,
      },
      clusterRole: settings.clusterRole,
      log,
    });
    const prover = createWebhookProver({
      client,
      target: { namespace: settings.namespace, port: settings.webhookPort },
      onFirstUnanswered: () => {
        webhook.writeAgain();
        queue.add({ kind: "webhookConfiguration" });
      },
      onChange: () => queuePolicies(),
      log,
    });
    const reconciler = createReconciler({
      client,
      caches,
      pods: watches,
      configMaps: createConfigMapWriter(client),
      webhook,
      webhookReach: prover.reach,
      podName: settings.podName,
      namespace: settings.namespace,
      webhookPort: settings.webhookPort,
      dnsName,
    });

    async function certificate(): Promise<number> {
      const { namespace, certificateSecret: secret } = settings;
      const options = { client, namespace, secret, dnsName, log };
      await writeCertificate(options, caches.certificate(), Date.now());
      return CERTIFICATE_CHECK_MILLISECONDS;
    }

    async function webhookConfiguration(): Promise<number | undefined> {
      const caBundle = caches.certificate()?.data["ca.crt"];
      // Comes back when the Secret is filled.
      if (!caBundle) return undefined;
      const wrote = await webhook.write({ caBundle, namespaces: caches.index.namespaces() });
      // From here on it repeats itself.
      if (wrote) queue.addAfter({ kind: "webhookProof" }, PROOF_AFTER_WRITE_MILLISECONDS);
      return WEBHOOK_REAPPLY_MILLISECONDS;
    }

    function work(item: WorkItem): Promise<number | undefined> {
      switch (item.kind) {
        case "certificate":
          return certificate();
        case "webhookConfiguration":
          return webhookConfiguration();
        case "webhookProof":
          return prover.prove();
        case "policy":
          return reconciler.reconcile(item);
      }
    }

    const queue = createQueue({ handle: work, keyOf: workItemKey, log });

    await caches.untilSynced(signal);
    const unsubscribe = caches.subscribe((change) => {
      follow(queue, caches, change);
      if (change.kind === "policy") watches.follow(caches.index.namespaces());
    });
    // Nothing of this waits for the pods: without a certificate no replica gets ready, and policies are
    // delivered before they are counted.
    queue.add({ kind: "certificate" });
    queue.add({ kind: "webhookConfiguration" });
    queuePolicies();
    // Only while leading: replicas that serve admission alone must not grow with the cluster.
    watches.follow(caches.index.namespaces());
    pods = watches;
    counts = reconciler.counts;
    webhookReach = prover.reach;
    await untilAborted(signal);
    unsubscribe();
    pods = undefined;
    counts = () => NO_COUNTS;
    webhookReach = () => NOT_PROVEN_YET.reach;
    await Promise.all([watches.stop(), queue.stop()]);
  }

  return {
    lead,
    counts: () => counts(),
    pods: () => pods,
    webhookReach: () => webhookReach(),
  };
}
