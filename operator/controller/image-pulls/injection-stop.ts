/**
 * Whether injection is to stop because nodes cannot pull the sidecar's image, or cannot start it: an app whose pod
 * waits for the sidecar does not start at all, so that a pod without it is better. Pure.
 */
import type { StartState } from "../pods/start-state.ts";

/** So many pods have to wait: one can be on a node that is broken. */
const STOP_AFTER_PODS = 3;
/** For so long each: a registry that is restarted is back by then. */
const STOP_AFTER_MILLISECONDS = 60_000;
/**
 * A stopped namespace in which no pod has waited for so long is tried again: nothing is left there that could show
 * that the image is back. It costs three more pods their start where it is not.
 */
const RETRY_MILLISECONDS = 600_000;

/** A pod with our container. */
export interface StartingPod {
  uid: string;
  namespace: string;
  name: string;
  /** In seconds since 1970. */
  created: number;
  start: StartState | undefined;
  /** Its image is the very one that is configured, with a digest or without, and not that of another registry. */
  isExact: boolean;
}

/** What a pod waits for: the very image that is configured, that of another registry, or that its sidecar starts. */
type Cause = "Waiting" | "WaitingElsewhere" | "NotStarting";

/** A pod that waits, or did when it was last looked at and has not gone on since. */
interface Wait {
  namespace: string;
  name: string;
  /**
   * Once its sidecar has failed to start that is what it waits for, whatever its image does later: whoever may create
   * pods can make it fail, by a LimitRange for example, and is not to stop the namespaces of others by that.
   */
  cause: Cause;
  /** Its sidecar runs at the moment: it has failed before and may do so again, or the app's image is being pulled. */
  runs: boolean;
  /**
   * Since when, in milliseconds of any steady clock; undefined once another pod of its namespace has gone on: the
   * kubelet tries again after up to five minutes, and until then this one says nothing more.
   */
  since: number | undefined;
}

/** What is known from all looks so far. */
export interface StartHistory {
  /** By the pods' uids. */
  waits: ReadonlyMap<string, Wait>;
  /** The namespaces that are stopped for pods of their own, and when one was last seen waiting there. */
  stopped: ReadonlyMap<string, number>;
  /** Set while nothing is injected anywhere: when a pod was last seen waiting for the very image. */
  everywhere: number | undefined;
}

/** Namespaces that go on although nothing has shown that sidecars start again: nobody waits any more. */
export interface Resumed {
  /** Those that were stopped for pods of their own. */
  here: readonly string[];
  /** All were stopped, and no pod has the image. */
  everywhere: boolean;
}

/** When a look was, and how much it saw. */
export interface LookTime {
  /** In milliseconds of any steady clock. */
  now: number;
  /** The pods of every namespace with a policy were known. Else one that is not may have the image. */
  areAllKnown: boolean;
}

/** What a new leader knows of what the last one had stopped: namespaces for pods of their own, or all. */
export function stoppedBefore(
  { namespaces, everywhere }: { namespaces: Iterable<string>; everywhere: boolean },
  now: number,
): StartHistory {
  const stopped = new Map([...namespaces].map((namespace) => [namespace, now]));
  return { waits: new Map(), stopped, everywhere: everywhere ? now : undefined };
}

/**
 * Whether a pod waits for nothing any more. One that waited for the image has it once the sidecar runs. A sidecar that
 * has failed before shows nothing by running: it does so before each failure.
 */
function isOver(start: StartState | undefined, known: Wait | undefined): boolean {
  return start === "Started" || (start === "Running" && known?.cause !== "NotStarting");
}

/** What pods have shown that had waited and have gone on. */
interface Recovered {
  /** Their namespaces. */
  namespaces: ReadonlySet<string>;
  /** One had waited for the very image. */
  isExact: boolean;
}

function recoveredSince(before: StartHistory, pods: readonly StartingPod[]): Recovered {
  const recovered = pods.flatMap(({ uid, start }) => {
    const known = before.waits.get(uid);
    return known && isOver(start, known) ? known : [];
  });
  return {
    namespaces: new Set(recovered.map(({ namespace }) => namespace)),
    isExact: recovered.some(({ cause }) => cause === "Waiting"),
  };
}

/**
 * Whether no pod has the very image. One from another registry says nothing of it: whoever may create pods in one
 * namespace can run anything under its name and version.
 */
function nobodyHasImage(pods: readonly StartingPod[]): boolean {
  return !pods.some(
    ({ start, isExact }) => isExact && (start === "Started" || start === "Running"),
  );
}

/**
 * Whether a pod that went on has shown it for this namespace. One of another namespace shows it only where nobody had
 * the image: where others had it, the trouble is this namespace's own, such as its mirror, pull secret or LimitRange.
 */
function isShown(before: StartHistory, recovered: Recovered, namespace: string): boolean {
  return (
    recovered.namespaces.has(namespace) || (before.everywhere !== undefined && recovered.isExact)
  );
}

/** What goes on after this look with nothing to show for it. */
export function resumedUnproven(
  before: StartHistory,
  after: StartHistory,
  pods: readonly StartingPod[],
): Resumed {
  const recovered = recoveredSince(before, pods);
  return {
    here: [...before.stopped.keys()].filter(
      (namespace) => !(isStopped(after, namespace) || isShown(before, recovered, namespace)),
    ),
    everywhere:
      before.everywhere !== undefined && after.everywhere === undefined && nobodyHasImage(pods),
  };
}

/** What the pod waits for after this look, if it waits; one between two states of the kubelet goes on waiting. */
function causeNow({ start, isExact }: StartingPod, known: Wait | undefined): Cause | undefined {
  if (isOver(start, known)) return undefined;
  if (start === undefined || start === "Running") return known?.cause;
  if (start === "NotStarting") return start;
  return known?.cause ?? (isExact ? "Waiting" : "WaitingElsewhere");
}

/** The waits now. */
function waitsNow(
  before: StartHistory,
  pods: readonly StartingPod[],
  { recovered, now }: { recovered: Recovered; now: number },
): Map<string, Wait> {
  const waits = new Map<string, Wait>();
  for (const pod of pods) {
    const { uid, namespace, name, start } = pod;
    const known = before.waits.get(uid);
    const cause = causeNow(pod, known);
    if (cause === undefined) continue;
    const since = known ? known.since : now;
    waits.set(uid, {
      namespace,
      name,
      cause,
      runs: start === "Running",
      since: recovered.namespaces.has(namespace) ? undefined : since,
    });
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
 * have waited for the very image and nobody has it, each in which one of these is. Where somebody has it, three pods of
 * one namespace say nothing of another: whoever may create pods could stop it with them as soon as one there waits.
 */
function toStop(
  waits: ReadonlyMap<string, Wait>,
  { isMissing, now }: { isMissing: boolean; now: number },
) {
  const long = [...waits.values()].filter(
    ({ since, runs }) => since !== undefined && !runs && now - since >= STOP_AFTER_MILLISECONDS,
  );
  const exact = long.filter(({ cause }) => cause === "Waiting");
  const isForAll = isMissing && exact.length >= STOP_AFTER_PODS;
  const counts = [...countsByNamespace(long)].filter(([, count]) => count >= STOP_AFTER_PODS);
  const namespaces = new Set(counts.map(([namespace]) => namespace));
  for (const { namespace } of isForAll ? exact : []) namespaces.add(namespace);
  return { namespaces, isForAll };
}

/** The namespaces that are stopped, with those that are `added`. */
function stoppedNow(
  before: StartHistory,
  waiting: ReadonlySet<string>,
  { added, recovered, now }: { added: Iterable<string>; recovered: Recovered; now: number },
): Map<string, number> {
  const stopped = new Map<string, number>();
  for (const namespace of [...before.stopped.keys(), ...added]) {
    const last = waiting.has(namespace) ? now : (before.stopped.get(namespace) ?? now);
    // Pods that wait here say that it is not over, whatever one elsewhere has shown.
    const goesOn =
      recovered.namespaces.has(namespace) ||
      (isShown(before, recovered, namespace) && !waiting.has(namespace));
    if (!goesOn && now - last < RETRY_MILLISECONDS) stopped.set(namespace, last);
  }
  return stopped;
}

/** When a pod was last seen waiting for the very image, where nothing is injected anywhere; else undefined. */
function everywhereNow(
  { everywhere }: StartHistory,
  waits: ReadonlyMap<string, Wait>,
  { isForAll, now }: { isForAll: boolean; now: number },
): number | undefined {
  if (isForAll) return now;
  if (everywhere === undefined) return undefined;
  const last = [...waits.values()].some(({ cause }) => cause === "Waiting") ? now : everywhere;
  return now - last < RETRY_MILLISECONDS ? last : undefined;
}

/** What is known after one more look at the pods with our container. */
export function afterLook(
  before: StartHistory,
  pods: readonly StartingPod[],
  { now, areAllKnown }: LookTime,
): StartHistory {
  const recovered = recoveredSince(before, pods);
  const waits = waitsNow(before, pods, { recovered, now });
  // A pod that has the image shows that it is there, and that the trouble is that of single nodes or namespaces. Else
  // whoever may create pods in one namespace could stop injection for everybody.
  const nobodyHasIt = nobodyHasImage(pods);
  const isMissing = nobodyHasIt && areAllKnown;
  const { namespaces: added, isForAll } = toStop(waits, { isMissing, now });
  const waiting = new Set([...waits.values()].map(({ namespace }) => namespace));
  const stopped = stoppedNow(before, waiting, { added, recovered, now });
  const everywhere = nobodyHasIt ? everywhereNow(before, waits, { isForAll, now }) : undefined;
  return { waits, stopped, everywhere };
}

/** Milliseconds until the next look says something that no change of a pod tells; undefined: none does. */
export function nextLookAfter(
  { waits, stopped, everywhere }: StartHistory,
  now: number,
): number | undefined {
  const due = [
    ...[...waits.values()]
      .flatMap(({ since }) => since ?? [])
      .map((at) => at + STOP_AFTER_MILLISECONDS),
    ...[...stopped.values(), ...(everywhere === undefined ? [] : [everywhere])].map(
      (at) => at + RETRY_MILLISECONDS,
    ),
  ].filter((at) => at > now);
  return due.length === 0 ? undefined : Math.min(...due) - now;
}

/** Whether pods of the namespace are not injected. */
export function isStopped({ stopped, everywhere }: StartHistory, namespace: string): boolean {
  return everywhere !== undefined || stopped.has(namespace);
}

/** The pod of the namespace that has waited longest. */
export function examplePod({ waits }: StartHistory, namespace: string): string | undefined {
  return [...waits.values()].find((wait) => wait.namespace === namespace)?.name;
}
