/** What one replica at a time does: everything that writes. */
import { isDeepStrictEqual } from "node:util";
import type { CacheChange, Caches } from "./caches.ts";
import { decidesAnew } from "./cluster-policy/cluster-policy-cache.ts";
import { endingWith } from "./kube/kube-client.ts";
import { createQueue, type Queue, type QueueObserver } from "./kube/queue.ts";
import { createTooWideLog } from "./kube/too-wide-log.ts";
import type { Change } from "./kube/watch.ts";
import { createLeaderWork, type LeaderWork, type LeaderWorkOptions } from "./leader-work.ts";
import type { NudgeBound } from "./nudge/nudge-bound.ts";
import { NUDGE_RESULTS } from "./nudge/nudge-result.ts";
import { type PodRecord, podProjection } from "./pods/pod-record.ts";
import { type PodWatches, startPodWatches } from "./pods/pod-watches.ts";
import { type PodCounts, policiesToRecount } from "./policy/pod-counts.ts";
import type { PolicyRecord } from "./policy/policy-cache.ts";
import { EVICTION_RESULTS } from "./rollout/evict-pod.ts";
import type { Coverage } from "./standards/coverage.ts";
import { NOT_PROVEN_YET, type Reach } from "./webhook-configuration/webhook-proof.ts";
import { workAfterChange } from "./work-after-change.ts";
import {
  clusterPolicyItem,
  policyItem,
  type WorkItem,
  workItemGroup,
  workItemKey,
} from "./work-item.ts";

/** A rollout changes many pods at once, and a release many policies: they are counted together. */
const TOGETHER_MILLISECONDS = 300;

/**
 * All workloads of a ClusterHealthPolicy are counted anew after a change of one pod, at most so often: 20,000 pods
 * that change all the time must not keep the leader at counting. The status is written every 5 s at most anyway.
 */
const RECOUNT_MILLISECONDS = 2_000;

/** What a leader needs; the rest of its work is put together while it leads. */
export type LeaderOptions = Pick<
  LeaderWorkOptions,
  "client" | "caches" | "settings" | "dnsName" | "ask" | "onEventResult" | "log"
> & {
  /** Is told of the work. */
  observer?: QueueObserver<WorkItem>;
};

/** The work of a leader, and what there is to see of it. */
export interface Leader {
  /** Leads until the signal fires. */
  lead(signal: AbortSignal): Promise<void>;
  /** Whether this replica leads and its caches are new enough for the work. */
  leads(): boolean;
  /** Items of work that wait for their turn; 0 in a replica that does not lead. */
  queueDepth(): number;
  /** Pod counts by policy; empty in a replica that does not lead. */
  counts(): ReadonlyMap<string, PodCounts>;
  /** Coverage of standards by ClusterHealthPolicy; empty in a replica that does not lead. */
  coverages(): ReadonlyMap<string, Coverage>;
  /** The watches of pods; none in a replica that does not lead. */
  pods(): PodWatches | undefined;
  /** Namespaces in which injection is stopped; undefined in a replica that does not lead. */
  stoppedNamespaces(): number | undefined;
  /** Evictions that this replica has asked for since it started, by result. */
  evictions(): ReadonlyMap<string, number>;
  /** Pods that this replica has nudged or tried to since it started, by result; empty without `nudge.enabled`. */
  nudges(): ReadonlyMap<string, number>;
  /**
   * Whether it may change no more of pods than that; undefined in a replica that does not lead, or without the setting.
   */
  nudgeBound(): NudgeBound | undefined;
  /** Whether API servers get through to the webhook; unknown in a replica that does not lead. */
  webhookReach(): Reach;
}

const NO_COUNTS: ReadonlyMap<string, PodCounts> = new Map();
const NO_COVERAGES: ReadonlyMap<string, Coverage> = new Map();

/** Queues the ClusterHealthPolicies whose standards the workloads of a namespace are held against. */
function queueCoverage(
  queue: Queue<WorkItem>,
  caches: Caches,
  { namespace, after }: { namespace: string; after: number },
): void {
  const known = caches.namespaces.get(namespace);
  for (const policy of known ? caches.clusterPoliciesOf(known) : []) {
    if (policy.standards) queue.addAfter(clusterPolicyItem(policy), after);
  }
}

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
  for (const policy of policiesToRecount(change, caches.index.claims(namespace))) {
    queue.addAfter(policyItem(policy), TOGETHER_MILLISECONDS);
  }
  // A rollout of many pods that cannot start is looked at once in a while: each look is at all pods.
  if (change.old?.sidecar?.start !== change.now?.sidecar?.start) {
    queue.addAfter({ kind: "imagePulls" }, RECOUNT_MILLISECONDS);
  }
  // Shared by equal pods: one that turns ready or unready is no reason to count.
  if (change.old?.judged !== change.now?.judged || change.old?.created !== change.now?.created) {
    queueCoverage(queue, caches, { namespace, after: RECOUNT_MILLISECONDS });
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

/** Whether policies or standards may be in other namespaces than before. */
function mayMovePolicies(change: CacheChange): boolean {
  // A list that is read anew tells of every policy, and gives what is as it was itself.
  if (change.kind === "policy") return change.change.old !== change.change.now;
  if (change.kind === "clusterPolicy") return decidesAnew(change.change);
  if (change.kind === "namespace") {
    const { old, now } = change.change;
    return !isDeepStrictEqual(old?.labels, now?.labels);
  }
  return false;
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
  /** Kept when another one leads: a counter must not go down. */
  const evictions = new Map<string, number>(EVICTION_RESULTS.map((result) => [result, 0]));
  const nudges = new Map<string, number>(
    settings.nudge ? NUDGE_RESULTS.map((result) => [result, 0]) : [],
  );
  /** Set while leading. */
  let leading: { work: LeaderWork; pods: PodWatches; queue: Queue<WorkItem> } | undefined;

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
      groupOf: workItemGroup,
      observer: options.observer,
      log,
    });
    const pods = startPodWatches({
      client,
      ownNamespace: settings.namespace,
      project: podProjection(
        settings.inject.image,
        createTooWideLog(log, "Pod", "it gets no sidecar, and no selector sees its labels"),
      ),
      onChange: (change) => podChanged(queue, caches, change),
      onSynced: (namespaces) => {
        // First: policies would say what the last leader has found, without a look at the pods.
        work.podsKnown();
        queuePolicies(queue, caches, ({ namespace }) => namespaces.includes(namespace));
        for (const namespace of namespaces) {
          queueCoverage(queue, caches, { namespace, after: TOGETHER_MILLISECONDS });
        }
      },
      log,
    });
    const work = createLeaderWork({
      ...options,
      client,
      pods,
      queue,
      queueAllPolicies: () => queuePolicies(queue, caches),
      onEviction: (result) => evictions.set(result, (evictions.get(result) ?? 0) + 1),
      onNudge: (result) => nudges.set(result, (nudges.get(result) ?? 0) + 1),
    });

    const followPods = () =>
      pods.follow([...caches.index.namespaces(), ...caches.namespacesWithStandards()]);
    let following: NodeJS.Immediate | undefined;
    /**
     * Once in a turn of the event loop: a list brings many changes in one, and a look at 3,000 namespaces after each of
     * 2,000 policies kept reviews waiting for 11 s.
     */
    const followPodsSoon = () => {
      following ??= setImmediate(() => {
        following = undefined;
        followPods();
      });
    };

    await untilCurrent(signal);
    const unsubscribe = caches.subscribe((change) => {
      cacheChanged(queue, caches, change);
      // Now: in the next turn the pods of its namespace may be followed no more.
      if (change.kind === "policy" && !change.change.now && change.change.old) {
        work.policyDeleted(change.change.old);
      }
      if (mayMovePolicies(change)) followPodsSoon();
    });
    // Nothing of this waits for the pods: without a certificate no replica gets ready, and policies are
    // delivered before they are counted.
    queue.add({ kind: "certificate" });
    queue.add({ kind: "webhookConfiguration" });
    if (settings.nudge) queue.add({ kind: "nudgeProof" });
    queuePolicies(queue, caches);
    for (const policy of caches.clusterPolicies.values()) queue.add(clusterPolicyItem(policy));
    // Only while leading: replicas that serve admission alone must not grow with the cluster.
    followPods();
    leading = { work, pods, queue };
    await untilAborted(signal);
    unsubscribe();
    clearImmediate(following);
    leading = undefined;
    await Promise.all([pods.stop(), queue.stop(), work.stop()]);
  }

  return {
    lead,
    leads: () => leading !== undefined,
    queueDepth: () => leading?.queue.depth() ?? 0,
    counts: () => leading?.work.counts() ?? NO_COUNTS,
    coverages: () => leading?.work.coverages() ?? NO_COVERAGES,
    pods: () => leading?.pods,
    stoppedNamespaces: () => leading?.work.stoppedNamespaces(),
    evictions: () => evictions,
    nudges: () => nudges,
    nudgeBound: () => leading?.work.nudgeBound(),
    webhookReach: () => leading?.work.webhookReach() ?? NOT_PROVEN_YET.reach,
  };
}
