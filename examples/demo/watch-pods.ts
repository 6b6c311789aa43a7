/** Follows the app's pods and tells each change with the seconds since the fault. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AppPod, appPods, whyNotReady } from "./cluster.ts";

const POLL_MILLISECONDS = 300;
/** Without a change, a word that the demo still lives. */
const SIGN_OF_LIFE_MILLISECONDS = 5_000;

/** Waits until a question is answered with true; throws after `seconds`. */
export async function until(
  what: string,
  seconds: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  let shown = performance.now();
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    if (performance.now() - shown > SIGN_OF_LIFE_MILLISECONDS) {
      shown = performance.now();
      console.log(`    ... ${what}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function tell(pod: AppPod, seconds: string): void {
  if (pod.ready) {
    console.log(`    +${seconds} s  ${pod.name}  READY`);
    return;
  }
  const own = pod.appReady ? "the app's own probe still says ready" : "the app itself is not ready";
  console.log(`    +${seconds} s  ${pod.name}  NOT READY  ${whyNotReady(pod)}  (${own})`);
}

/**
 * Tells each pod's turn until all are as wanted, and gives the seconds it took; throws after `limit` seconds.
 * The clock starts now: call it as soon as the fault, or its end, is visible.
 */
export async function follow(wanted: "ready" | "unready", limit: number): Promise<number> {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1_000).toFixed(1).padStart(4);
  const told = new Map<string, boolean>();
  const what = `waiting for the pods to be ${wanted}`;
  await until(what, limit, () => {
    const pods = appPods();
    for (const pod of pods) {
      if ((told.get(pod.name) ?? wanted !== "ready") !== pod.ready) tell(pod, seconds());
      told.set(pod.name, pod.ready);
    }
    return pods.length > 0 && pods.every(({ ready }) => ready === (wanted === "ready"));
  });
  return (performance.now() - started) / 1_000;
}
