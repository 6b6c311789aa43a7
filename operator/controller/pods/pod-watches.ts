/**
 * The pods that the leader has to know: those of the namespaces with a policy, and the operator's own.
 * While such namespaces are few, each has a watch of its own, so that the operator does not grow with
 * pods that concern no policy. When they are many, one watch brings all pods of the cluster.
 */
import type { Logger } from "pino";
import type { KubeClient } from "../kube/kube-client.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { type Change, startWatch, type Watch } from "../kube/watch.ts";
import { createPodIndex, type PodIndex } from "./pod-index.ts";
import type { PodRecord } from "./pod-record.ts";

/** Up to so many namespaces have a watch each: a connection here, and a watcher in the API server. */
export const MOST_WATCHED_NAMESPACES = 20;
/**
 * From one watch of all pods it goes back to single ones when no more namespaces than this have a
 * policy. Below the other number, so that one policy that comes and goes does not exchange all watches.
 */
export const BACK_TO_SINGLE_NAMESPACES = 15;

/** What watching pods needs. */
export interface PodWatchesOptions {
  client: KubeClient;
  /** The operator's own, whose pods are its replicas. */
  ownNamespace: string;
  project: (object: KubeObject) => PodRecord | undefined;
  /** Called after a change of a pod; not for those that were there when a watch began. */
  onChange: (change: Change<PodRecord>) => void;
  /** Called when the pods of these namespaces are known, or known from another watch than before. */
  onSynced: (namespaces: readonly string[]) => void;
  log: Logger;
}

/** Running watches. */
export interface PodWatches {
  /** To be called with the namespaces that have a policy, at the start and whenever they change. */
  follow(namespaces: Iterable<string>): void;
  /** The pods of a namespace that is followed, without those that are being deleted. */
  pods(namespace: string): PodRecord[];
  /** Every pod that is known, each once. */
  all(): Iterable<PodRecord>;
  /** Those that are being deleted. */
  terminating(namespace: string): PodRecord[];
  /** Whether `pods` gives all pods of the namespace. */
  synced(namespace: string): boolean;
  /** Seconds since the API server last said anything, on the watch where that is longest ago. */
  secondsSinceLastEvent(): number;
  stop(): Promise<void>;
}

/** A watch and what it brought. Each has an index of its own, so that two of them never count a pod twice. */
interface Source {
  watch: Watch<PodRecord>;
  index: PodIndex;
}

/** The change as it is for who counts a pod that is being deleted as gone; undefined: none. */
function ofLiving({ key, old, now }: Change<PodRecord>): Change<PodRecord> | undefined {
  const before = old?.terminating ? undefined : old;
  const after = now?.terminating ? undefined : now;
  if (!before && !after) return undefined;
  return { key, ...(before && { old: before }), ...(after && { now: after }) };
}

/** Watches nothing before it is told what to follow. */
export function startPodWatches(options: PodWatchesOptions): PodWatches {
  const { client, ownNamespace, project, log } = options;
  const single = new Map<string, Source>();
  let all: Source | undefined;
  let wanted = new Set<string>();
  let wantsAll = false;
  const stopping = new Set<Promise<void>>();

  /** Where the pods of a namespace are read: in one source at a time. */
  function sourceOf(namespace: string): Source | undefined {
    return all?.watch.synced() ? all : single.get(namespace);
  }

  /** Watches one namespace, or all of them. */
  function open(namespace?: string): Source {
    const index = createPodIndex();
    const watch = startWatch({
      client,
      path: namespace === undefined ? "/api/v1/pods" : `/api/v1/namespaces/${namespace}/pods`,
      kind: "Pod",
      project,
      onChange: (change) => {
        index.update(change);
        const read = sourceOf((change.now ?? change.old)?.namespace ?? "");
        const living = ofLiving(change);
        if (living && read?.index === index && read.watch.synced()) options.onChange(living);
      },
      onSynced: () => {
        closeUnneeded();
        options.onSynced(namespace === undefined ? [...wanted] : [namespace]);
      },
      // Pods are many, and a lost event costs a count and nothing else: not listed anew by time.
      times: { relist: Number.POSITIVE_INFINITY },
      log,
    });
    return { watch, index };
  }

  function openSingle(): void {
    for (const namespace of wanted) {
      if (!single.has(namespace)) single.set(namespace, open(namespace));
    }
  }

  function close(source: Source): void {
    const stopped = source.watch.stop().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  }

  function closeSingle(isNeeded: (namespace: string) => boolean): void {
    for (const [namespace, source] of single) {
      if (isNeeded(namespace)) continue;
      single.delete(namespace);
      close(source);
    }
  }

  /** Closes what is not needed any more: never before what replaces it is synced. */
  function closeUnneeded(): void {
    if (wantsAll) {
      closeSingle(() => !all?.watch.synced());
      return;
    }
    closeSingle((namespace) => wanted.has(namespace));
    if (all && [...wanted].every((namespace) => single.get(namespace)?.watch.synced())) {
      close(all);
      all = undefined;
      options.onSynced([...wanted]);
    }
  }

  return {
    follow: (namespaces) => {
      const named = new Set(namespaces);
      wantsAll = named.size > (wantsAll ? BACK_TO_SINGLE_NAMESPACES : MOST_WATCHED_NAMESPACES);
      wanted = named.add(ownNamespace);
      if (wantsAll) all ??= open();
      else openSingle();
      closeUnneeded();
    },
    pods: (namespace) => sourceOf(namespace)?.index.pods(namespace) ?? [],
    *all() {
      // Of two watches that know one namespace, as one takes over from the other, the one that is read.
      const sources = all?.watch.synced() ? [all] : single.values();
      for (const { index } of sources) yield* index.all();
    },
    terminating: (namespace) => sourceOf(namespace)?.index.terminating(namespace) ?? [],
    synced: (namespace) => sourceOf(namespace)?.watch.synced() ?? false,
    secondsSinceLastEvent: () => {
      const sources = [...single.values(), ...(all ? [all] : [])];
      return Math.max(0, ...sources.map(({ watch }) => watch.secondsSinceLastEvent()));
    },
    stop: async () => {
      for (const source of [...single.values(), ...(all ? [all] : [])]) close(source);
      single.clear();
      all = undefined;
      await Promise.all(stopping);
    },
  };
}
