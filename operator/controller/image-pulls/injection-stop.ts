/**
 * Whether injection is to stop because nodes cannot pull the sidecar's image: an app whose pod waits for that image
 * does not start at all, so that a pod without the sidecar is better. Pure.
 */
import type { ImageState } from "./image-state.ts";

/** So many pods have to wait: one can be on a node that is broken. */
export const STOP_AFTER_PODS = 3;
/** For so long each: a registry that is restarted is back by then. */
export const STOP_AFTER_MILLISECONDS = 60_000;
/**
 * A stopped namespace in which no pod has waited for so long is tried again: nothing is left there that could show
 * that the image is back. It costs three more pods their start where it is not.
 */
export const RETRY_MILLISECONDS = 600_000;

/** A pod with our container. */
export interface PullingPod {
  uid: string;
  namespace: string;
  name: string;
  /** In seconds since 1970. */
  created: number;
  image: ImageState | undefined;
}

/** A pod that waits, or did when it was last looked at and has not got the image since. */
interface Wait {
  namespace: string;
  name: string;
  /** Waits for the very image that is configured. */
  exact: boolean;
  /**
   * Since when, in milliseconds of any steady clock; undefined once another pod of its namespace has got the image:
   * the kubelet tries again after up to five minutes, and until then this one says nothing more.
   */
  since: number | undefined;
}

/** What is known from all looks so far. */
export interface PullHistory {
  /** By the pods' uids. */
  waits: ReadonlyMap<string, Wait>;
  /** The namespaces in which nothing is injected, and when a pod was last seen waiting there. */
  stopped: ReadonlyMap<string, number>;
  /** Nothing is injected anywhere. */
  everywhere: boolean;
}

/** What a new leader knows: the namespaces that the last one had stopped. */
export function stoppedBefore(namespaces: readonly string[], now: number): PullHistory {
  const stopped = new Map(namespaces.map((namespace) => [namespace, now]));
  return { waits: new Map(), stopped, everywhere: stopped.size > 1 };
}

function isWaiting({ image }: PullingPod): boolean {
  return image === "Waiting" || image === "WaitingElsewhere";
}

/** Namespaces in which a pod has got the image that had waited for it. */
function gotIt(before: PullHistory, pods: readonly PullingPod[]): Set<string> {
  const got = pods.filter(({ uid, image }) => image === "Pulled" && before.waits.has(uid));
  return new Set(got.map(({ namespace }) => namespace));
}

/** Namespaces that go on although nothing has shown that the image is back: no pod has waited there for long enough. */
export function resumedUnproven(
  before: PullHistory,
  after: PullHistory,
  pods: readonly PullingPod[],
): string[] {
  if (gotIt(before, pods).size > 0) return [];
  return [...before.stopped.keys()].filter((namespace) => !isStopped(after, namespace));
}

/** The waits now; a pod between two states of the kubelet goes on waiting. */
function waitsNow(
  before: PullHistory,
  pods: readonly PullingPod[],
  { got, now }: { got: ReadonlySet<string>; now: number },
): Map<string, Wait> {
  const waits = new Map<string, Wait>();
  for (const pod of pods) {
    const { uid, namespace, name, image } = pod;
    const known = before.waits.get(uid);
    if (image === "Pulled" || !(known || isWaiting(pod))) continue;
    const exact = known?.exact ?? image === "Waiting";
    const since = known ? known.since : now;
    waits.set(uid, { namespace, name, exact, since: got.has(namespace) ? undefined : since });
  }
  return waits;
}

function countsByNamespace(waits: readonly Wait[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { namespace } of waits) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return counts;
}

/**
 * Which namespaces are to be stopped: those in which three pods have waited for long, and, where three of all pods
 * have waited for the very image, each in which one of these is. `exact` are all who have waited for that image.
 */
function toStop(waits: ReadonlyMap<string, Wait>, now: number) {
  const long = [...waits.values()].filter(
    ({ since }) => since !== undefined && now - since >= STOP_AFTER_MILLISECONDS,
  );
  const exact = long.filter((wait) => wait.exact);
  const areEnough = exact.length >= STOP_AFTER_PODS;
  const counts = [...countsByNamespace(long)].filter(([, count]) => count >= STOP_AFTER_PODS);
  const namespaces = new Set(counts.map(([namespace]) => namespace));
  for (const { namespace } of areEnough ? exact : []) namespaces.add(namespace);
  return { namespaces, areEnough };
}

/** The namespaces that are stopped, with those that are `added`. */
function stoppedNow(
  before: PullHistory,
  waiting: ReadonlySet<string>,
  { added, got, now }: { added: Iterable<string>; got: ReadonlySet<string>; now: number },
): Map<string, number> {
  const stopped = new Map<string, number>();
  for (const namespace of [...before.stopped.keys(), ...added]) {
    const last = waiting.has(namespace) ? now : (before.stopped.get(namespace) ?? now);
    // Where nobody waits, a pod elsewhere has shown it: the image can be pulled again.
    const isOver = got.has(namespace) || (got.size > 0 && !waiting.has(namespace));
    if (!isOver && now - last < RETRY_MILLISECONDS) stopped.set(namespace, last);
  }
  return stopped;
}

/** What is known after one more look at all pods with our container. */
export function afterLook(
  before: PullHistory,
  pods: readonly PullingPod[],
  now: number,
): PullHistory {
  const got = gotIt(before, pods);
  const waits = waitsNow(before, pods, { got, now });
  const { namespaces: added, areEnough } = toStop(waits, now);
  const waiting = new Set([...waits.values()].map(({ namespace }) => namespace));
  const stopped = stoppedNow(before, waiting, { added, got, now });
  // A pod that has the image shows that it is there, and that the trouble is that of single nodes or namespaces. Else
  // whoever may create pods in one namespace could stop injection for everybody.
  const nobodyHasIt = !pods.some(({ image }) => image === "Pulled");
  const everywhere = stopped.size > 0 && nobodyHasIt && (before.everywhere || areEnough);
  return { waits, stopped, everywhere };
}

/** Milliseconds until the next look says something that no change of a pod tells; undefined: none does. */
export function nextLookAfter({ waits, stopped }: PullHistory, now: number): number | undefined {
  const due = [
    ...[...waits.values()]
      .flatMap(({ since }) => since ?? [])
      .map((at) => at + STOP_AFTER_MILLISECONDS),
    ...[...stopped.values()].map((at) => at + RETRY_MILLISECONDS),
  ].filter((at) => at > now);
  return due.length === 0 ? undefined : Math.min(...due) - now;
}

/** Whether pods of the namespace are not injected. */
export function isStopped({ stopped, everywhere }: PullHistory, namespace: string): boolean {
  return everywhere || stopped.has(namespace);
}

/** The pod of the namespace that has waited longest. */
export function examplePod({ waits }: PullHistory, namespace: string): string | undefined {
  return [...waits.values()].find((wait) => wait.namespace === namespace)?.name;
}
