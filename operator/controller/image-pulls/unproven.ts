/**
 * Where injection goes on although nothing has shown that nodes can pull and start the sidecar again: nobody waits for
 * it any more. It may be stopped again soon, and a pod that is replaced meanwhile would be lost. Pure.
 */
import { isStopped, type Resumed, type StartHistory, type StartingPod } from "./injection-stop.ts";

/** Such namespaces. */
export interface Unproven {
  /**
   * Namespaces whose own pods had waited, and since when, in milliseconds since 1970. Only a pod of such a namespace
   * that was created since proves it: those of others may have another registry, or a pull secret that is right.
   */
  here: ReadonlyMap<string, number>;
  /** Every namespace. Any pod that has the very image proves it: nobody had it before. */
  everywhere: boolean;
}

/** One look, and what came of it. */
interface Look {
  pods: readonly StartingPod[];
  /** Namespaces with a policy. */
  namespaces: ReadonlySet<string>;
  after: StartHistory;
  resumed: Resumed;
}

function isProven(namespace: string, since: number, started: readonly StartingPod[]): boolean {
  return started.some((pod) => pod.namespace === namespace && pod.created * 1_000 >= since);
}

/**
 * What is unproven after one more look, at `now` in milliseconds since 1970. A stop ends it: it says more than that
 * nothing is proven.
 */
export function unprovenAfter(
  before: Unproven,
  { pods, namespaces, after, resumed }: Look,
  now: number,
): Unproven {
  const started = pods.filter(({ start }) => start === "Started");
  const resumedNow = resumed.here.map((namespace): [string, number] => [namespace, now]);
  const here = [...before.here, ...resumedNow].filter(
    ([namespace, since]) =>
      namespaces.has(namespace) &&
      !isStopped(after, namespace) &&
      !isProven(namespace, since, started),
  );
  const isOver = started.some(({ isExact }) => isExact) || after.everywhere !== undefined;
  return { here: new Map(here), everywhere: !isOver && (before.everywhere || resumed.everywhere) };
}

/** Whether nothing has shown for this namespace that nodes can pull the image. */
export function isUnproven({ here, everywhere }: Unproven, namespace: string): boolean {
  return everywhere || here.has(namespace);
}
