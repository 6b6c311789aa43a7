import { created } from "./created.ts";
import { isInjected } from "./pods.ts";
import { unscheduledPod } from "./small-pod.ts";

/** What admission made of a pod: when it was asked, in milliseconds of performance.now(), and how many that took. */
export interface MadePod {
  injected: boolean;
  at: number;
  took: number;
}

/** Gives a function that creates one more pod for no node, and tells what admission made of it. */
export function podMaker(namespace: string): () => Promise<MadePod> {
  let pods = 0;
  return async () => {
    pods += 1;
    const at = performance.now();
    const pod = await created(unscheduledPod(namespace, `web-${pods}`));
    return { injected: isInjected(pod), at, took: performance.now() - at };
  };
}
