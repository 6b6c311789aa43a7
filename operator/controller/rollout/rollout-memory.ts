/** What a leader remembers of a rollout beside what the policy's status says. */
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { backoffMilliseconds } from "../kube/backoff.ts";
import type { PolicyRecord } from "../policy/policy-cache.ts";
import type { Seen } from "./next-eviction.ts";

/** Where an eviction was refused, another is tried after so long; doubled by each further refusal. */
const REFUSED = { firstBackoff: 5_000, maxBackoff: 120_000 };

interface Refusal {
  message: string;
  count: number;
  until: number;
}

/** Something is waited for, and looked at again after so many milliseconds. */
export interface Wait {
  message: string;
  for: number;
}

/** Without an answer it is open still. */
export interface AskedQuestion {
  /** What speaks against the eviction, if anything does; of use until then. */
  answer?: { message: string | undefined; until: number };
}

/** How far a rollout is. Times in milliseconds of `performance.now()`. */
export interface RolloutMemory {
  uid: string;
  generation: number;
  /** What new pods have to be like, and since when. */
  revision: string;
  revisionSince: number;
  /** What the status is to say; undefined: nothing of a rollout. */
  status: RolloutStatus | undefined;
  /** The pod that is to be evicted once the status that says so is written. */
  intended?: { uid: string; at: number } | undefined;
  /** The pod that was evicted last. */
  evictedUid?: string | undefined;
  /** What the last look left for the next one. */
  seen: Seen;
  /** What sidecars and the webhook were asked about the next eviction. */
  question?: AskedQuestion | undefined;
  /** By workload. */
  refusals: Map<string, Refusal>;
}

/** What a leader knows at first: what the last one wrote. */
export function newMemory(record: PolicyRecord, revision: string, now: number): RolloutMemory {
  const status = record.status?.rollout;
  return {
    uid: record.uid,
    generation: record.status?.observedGeneration ?? record.generation,
    revision,
    revisionSince: now,
    status,
    seen: { since: {}, leftAlone: new Map() },
    refusals: new Map(),
  };
}

/** Takes in what the policy has become: after an edit nothing is left alone any more because of what was before. */
export function takeIn(
  memory: RolloutMemory,
  { generation, revision, now }: { generation: number; revision: string; now: number },
): void {
  if (memory.revision !== revision) {
    memory.revision = revision;
    memory.revisionSince = now;
  }
  if (memory.generation === generation) return;
  memory.generation = generation;
  // Its answer is about the policy as it was.
  memory.question = undefined;
  memory.refusals.clear();
  if (memory.status) {
    const { stopped: _, ...rest } = memory.status;
    memory.status = rest;
  }
}

/** Remembers that no pod of the workload could be evicted. */
export function noteRefusal(
  memory: RolloutMemory,
  workload: string,
  { message, now, random }: { message: string; now: number; random: number },
): void {
  // Workloads come and go while a policy stays as it is: those that were not tried for long may be gone.
  for (const [other, { until }] of memory.refusals) {
    if (now > until + REFUSED.maxBackoff) memory.refusals.delete(other);
  }
  const count = memory.refusals.get(workload)?.count ?? 0;
  const until = now + backoffMilliseconds(count, REFUSED, random);
  memory.refusals.set(workload, { message, count: count + 1, until });
}

/** What is said of a workload where none could be evicted a moment ago; undefined once it may be tried again. */
export function refusedThere(
  { refusals }: RolloutMemory,
  workload: string,
  now: number,
): string | undefined {
  const refusal = refusals.get(workload);
  return refusal && refusal.until > now ? refusal.message : undefined;
}
