/** Pods by namespace, so that counting for one policy does not walk the whole cluster. */
import type { Change } from "../kube/watch.ts";
import type { PodRecord } from "./pod-record.ts";

/** All pods that are known. */
export interface PodIndex {
  /** To be given every change of the cache. */
  update(change: Change<PodRecord>): void;
  /** Without those that are being deleted. */
  pods(namespace: string): PodRecord[];
  /** The pods of all namespaces, without those that are being deleted. */
  all(): Iterable<PodRecord>;
  /** Those that are being deleted. */
  terminating(namespace: string): PodRecord[];
}

/** An empty index. */
export function createPodIndex(): PodIndex {
  const byNamespace = new Map<string, Map<string, PodRecord>>();
  const known = (namespace: string) => [...(byNamespace.get(namespace)?.values() ?? [])];
  return {
    update: ({ old, now }) => {
      const { namespace, name } = (now ?? old) as PodRecord;
      const pods = byNamespace.get(namespace) ?? new Map<string, PodRecord>();
      if (now) pods.set(name, now);
      else pods.delete(name);
      if (pods.size > 0) byNamespace.set(namespace, pods);
      else byNamespace.delete(namespace);
    },
    *all() {
      for (const pods of byNamespace.values())
        yield* [...pods.values()].filter(({ terminating }) => !terminating);
    },
    pods: (namespace) => known(namespace).filter(({ terminating }) => !terminating),
    terminating: (namespace) => known(namespace).filter(({ terminating }) => terminating),
  };
}
