/** What one replica at a time does: everything that writes. */
import type { CacheChange, Caches } from "./caches.ts";
import { endingWith } from "./kube/kube-client.ts";
import { createQueue, type Queue } from "./kube/queue.ts";
import type { Change } from "./kube/watch.ts";
import { createLeaderWork, type LeaderWork, type LeaderWorkOptions } from "./leader-work.ts";
import { type PodCounts, policiesToRecount } from "./policy/pod-counts.ts";
import { type PodWatches, startPodWatches } from "./policy/pod-watches.ts";
import { type PodRecord, podProjection } from "./policy/pods.ts";
import type { PolicyRecord } from "./policy/policy-cache.ts";
import { NOT_PROVEN_YET, type Reach } from "./webhook-configuration/webhook-proof.ts";
import { workAfterChange } from "./work-after-change.ts";
import { clusterPolicyItem, policyItem, type WorkItem, workItemKey } from "./work-item.ts";

/** A rollout changes many pods at once, and a release many policies: they are counted together. */
const TOGETHER_MILLISECONDS = 300;

/** What a leader needs; the rest of its work is put together while it leads. */
export type LeaderOptions = Pick<
  LeaderWorkOptions,
  "client" | "caches" | "settings" | "dnsName" | "ask" | "log"
>;

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

/** Queues policies, all of them or those that are meant. */
function queuePolicies(
  queue: Queue<WorkItem>,
  caches: Caches,
  isMeant: (policy: PolicyRecord) => boolean = () => true,
): void {
  for (const policy of caches.policies.values()) {
    if (isMeant(policy)) queue.add(policyItem(policy));
  }
}

/** Policies that a pod does not concern are left alone: each recount can become a write. */
function podChanged(queue: Queue<WorkItem>, caches: Caches, change: Change<PodRecord>): void {
  const { namespace } = (change.now ?? change.old) as PodRecord;
  for (const policy of policiesToRecount(change, caches.index.policies(namespace))) {
    queue.addAfter(policyItem(policy), TOGETHER_MILLISECONDS);
  }
}

/** Queues what a change of a cache asks for. */
function cacheChanged(queue: Queue<WorkItem>, caches: Caches, change: CacheChange): void {
  const { now, soon } = workAfterChange(change, {
    policiesOf: caches.index.policies,
    namespace: caches.namespaces.get,
    clusterPoliciesOf: caches.clusterPoliciesOf,
  });
  for (const item of now) queue.add(item);
  for (const item of soon) queue.addAfter(item, TOGETHER_MILLISECONDS);
}

/** Whether there may be policies in other namespaces than before. */
function mayMovePolicies(change: CacheChange): boolean {
  if (change.kind === "policy") return true;
  return "resolvedAnew" in change && change.resolvedAnew.length > 0;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** A leader that does nothing until it is elected. */
export function createLeader(options: LeaderOptions): Leader {
  const { caches, settings, log } = options;
  /** Set while leading. */
  let leading: { work: LeaderWork; pods: PodWatches } | undefined;

  /**
   * Resolves when the caches are as new as the Lease, or when the signal fires. A watch can have been broken
   * or silent for two minutes unnoticed: from such a cache this replica would write back what the last leader
   * has changed since, and take namespaces out of the webhook configuration. Rejects when it cannot be read.
   */
  async function untilCurrent(signal: AbortSignal): Promise<void> {
    await caches.untilSynced(signal);
    await Promise.race([caches.refresh(), untilAborted(signal)]);
  }

  async function lead(signal: AbortSignal): Promise<void> {
    // Who has lost the Lease must not write over what the next leader has written.
    const client = endingWith(signal, options.client);
    const queue: Queue<WorkItem> = createQueue({
      handle: (item) => work.handle(item),
      keyOf: workItemKey,
      log,
    });
    const pods = startPodWatches({
      client,
      ownNamespace: settings.namespace,
      project: podProjection(settings.inject.image),
      onChange: (change) => podChanged(queue, caches, change),
      onSynced: (namespaces) =>
        queuePolicies(queue, caches, ({ namespace }) => namespaces.includes(namespace)),
      log,
    });
    const work = createLeaderWork({
      ...options,
      client,
      pods,
      queue,
      onReachChange: () => queuePolicies(queue, caches),
    });

    await untilCurrent(signal);
    const unsubscribe = caches.subscribe((change) => {
      cacheChanged(queue, caches, change);
      if (mayMovePolicies(change)) pods.follow(caches.index.namespaces());
    });
    // Nothing of this waits for the pods: without a certificate no replica gets ready, and policies are
    // delivered before they are counted.
    queue.add({ kind: "certificate" });
    queue.add({ kind: "webhookConfiguration" });
    queuePolicies(queue, caches);
    for (const policy of caches.clusterPolicies.values()) queue.add(clusterPolicyItem(policy));
    // Only while leading: replicas that serve admission alone must not grow with the cluster.
    pods.follow(caches.index.namespaces());
    leading = { work, pods };
    await untilAborted(signal);
    unsubscribe();
    leading = undefined;
    await Promise.all([pods.stop(), queue.stop(), work.stop()]);
  }

  return {
    lead,
    counts: () => leading?.work.counts() ?? NO_COUNTS,
    pods: () => leading?.pods,
    webhookReach: () => leading?.work.webhookReach() ?? NOT_PROVEN_YET.reach,
  };
}
