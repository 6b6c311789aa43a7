/** What became of the eviction that a policy's status tells of. Pure. */
import { formatDuration } from "../../api/timing.ts";
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { currentPods, type WorkloadState, whyWait } from "./workload-state.ts";

/** An eviction under way. */
export type Evicting = NonNullable<RolloutStatus["evicting"]>;

/** What this leader has seen of the workload since; times in milliseconds of one clock. The next leader begins anew. */
export interface SeenSince {
  /** Since when the evicted pod is gone: it may take as long to end as its grace period lets it. */
  goneSince?: number;
  /** When a pod was there last that had taken the evicted one's place, ready or not. */
  successorAt?: number;
  /** Since when such a pod is ready, without a break that was seen. */
  readySince?: number;
}

/** What became of it. */
export type LastEviction =
  /**
   * The pod is still there, or a new one that is as the policy asks has taken its place and stayed ready, or none is
   * wanted any more in its place.
   */
  | { is: "over" }
  /** Not over yet; `message` ends "waits for ...". */
  | { is: "underWay"; message: string; seen: SeenSince }
  /** Another eviction there would help as little as this one did. */
  | { is: "useless" };

/** What it is judged by, beside the pods. */
export interface EvictionClock {
  /** What new pods have to be like now. */
  revision: string;
  seen: SeenSince;
  now: number;
  /** Milliseconds that a new pod has to stay ready. */
  settles: number;
}

/** Pods that are missing for so long after the evicted one was gone will not come: a quota, or no workload any more. */
const MISSING_MILLISECONDS = 600_000;

/**
 * A successor that went and left fewer pods than before was not wanted any more after so long: a controller puts
 * another one in its place within seconds.
 */
const UNWANTED_MILLISECONDS = 30_000;

/** The same for a workload of which no pod is left. */
const noPods = (name: string): WorkloadState => ({
  name,
  pods: [],
  terminating: [],
  toRestart: [],
});

/**
 * Whether a pod has taken the evicted one's place; after an edit of the policy only their number tells. A scale-up can
 * look the same, and is as good: new pods do come, and are as the policy asks.
 */
function isReplaced(state: WorkloadState, evicting: Evicting, revision: string): boolean {
  if (evicting.revision !== revision) return state.pods.length >= evicting.pods;
  return currentPods(state) > evicting.current;
}

/**
 * Whether the pod that has taken the evicted one's place is ready. It is the newest of those that count; of several
 * that were created in the same second any may be it. The others are not looked at: of many pods one often is unready,
 * and the successor's time would begin anew each time.
 */
function isSuccessorReady(state: WorkloadState, evicting: Evicting, revision: string): boolean {
  if (!isReplaced(state, evicting, revision)) return false;
  const isEdited = evicting.revision !== revision;
  const old = new Set(isEdited ? [] : state.toRestart.map(({ uid }) => uid));
  const candidates = state.pods.filter(({ uid }) => !old.has(uid));
  const newest = candidates.reduce((latest, { created }) => Math.max(latest, created), 0);
  return candidates.every(({ created, ready }) => ready || created < newest);
}

/** What there is to remember of this look. */
function seenNow(
  state: WorkloadState,
  evicting: Evicting,
  { revision, seen, now }: EvictionClock,
): SeenSince {
  const isGone = !state.terminating.some(({ uid }) => uid === evicting.uid);
  const successorAt = isReplaced(state, evicting, revision) ? now : seen.successorAt;
  const isReady = isSuccessorReady(state, evicting, revision);
  return {
    ...(isGone && { goneSince: seen.goneSince ?? now }),
    ...(successorAt !== undefined && { successorAt }),
    ...(isReady && { readySince: seen.readySince ?? now }),
  };
}

/** While pods are missing, and all that are there are ready. */
function missing(
  { pods }: WorkloadState,
  evicting: Evicting,
  { seen, now }: EvictionClock,
): LastEviction {
  const { successorAt, goneSince = now } = seen;
  // Scaled down, by an autoscaler perhaps: a controller takes the newest pods first, and has made one before.
  if (successorAt !== undefined && now - successorAt >= UNWANTED_MILLISECONDS) {
    return { is: "over" };
  }
  // Without a successor it may be a quota, and the next pod would be missed as well.
  if (now - goneSince > MISSING_MILLISECONDS) return { is: "useless" };
  const message = `${evicting.workload}: ${pods.length} of ${evicting.pods} pods are there`;
  return { is: "underWay", message, seen };
}

/** Judges the eviction by what is there now, so that it does not matter much which leader asked for it. */
export function lastEviction(
  evicting: Evicting,
  found: WorkloadState | undefined,
  clock: EvictionClock,
): LastEviction {
  const state = found ?? noPods(evicting.workload);
  // Refused, or never asked for: the leader before this one may have ended in between.
  if (state.pods.some(({ uid }) => uid === evicting.uid)) return { is: "over" };
  const seen = seenNow(state, evicting, clock);
  const wait = whyWait(state);
  if (wait) return { is: "underWay", message: wait, seen };
  const { now, settles } = clock;
  if (seen.readySince !== undefined) {
    if (now - seen.readySince >= settles) return { is: "over" };
    const message = `${state.name}: its new pod has to stay ready for ${formatDuration(settles)}`;
    return { is: "underWay", message, seen };
  }
  if (state.pods.length >= evicting.pods) return { is: "useless" };
  return missing(state, evicting, { ...clock, seen });
}
