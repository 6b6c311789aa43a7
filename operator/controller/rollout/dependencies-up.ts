/** Whether the sidecars of a policy say that all its dependencies are up. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { Reason } from "../../api/reasons.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { type SidecarAnswer, sidecarAnswer } from "../sidecars/sidecar-answer.ts";
import { type AskablePod, fits, isAskable, sample } from "../sidecars/sidecar-reports.ts";
import type { Ask } from "../sidecars/survey-sidecars.ts";

/** The first answers are old by then. */
const DEADLINE_MILLISECONDS = 10_000;

/** With these a dependency is not down: a restart is what mends them. */
const MENDED_BY_RESTART: ReadonlySet<Reason | undefined> = new Set<Reason>([
  "NeedsRestart",
  "Unsupported",
]);

/** Why, by what this pod's sidecar says, nothing is to be evicted; undefined: it says that all is up. Pure. */
function whyNotUp(
  policy: EffectivePolicy,
  pod: string,
  answer: SidecarAnswer | undefined,
): string | undefined {
  if (!answer || !fits(answer, policy)) {
    return `Waits: the sidecar of pod ${pod} does not say how the dependencies are.`;
  }
  const unknown = answer.dependencies.find(({ up }) => typeof up !== "boolean");
  if (unknown) return `Waits: pod ${pod} has not checked ${unknown.name} yet.`;
  const down = answer.dependencies.find(
    ({ up, reason }) => up === false && !MENDED_BY_RESTART.has(reason),
  );
  if (!down) return undefined;
  const why = down.reason ? ` (${down.reason})` : "";
  return `Waits: ${down.name} is down${why}, as pod ${pod} says.`;
}

/**
 * Asks the sidecars that follow the policy, a sample of many, one after the other, and resolves with why nothing is to
 * be evicted now; undefined: all of them say that every dependency is up, or none is there that could say. The first
 * pod that gets a sidecar is the one that finds out. Never rejects, and takes 10 s and one answer at most.
 */
export async function whyDependenciesWait(
  policy: EffectivePolicy,
  pods: readonly PodRecord[],
  ask: Ask,
): Promise<string | undefined> {
  const bound = pods.filter(
    ({ sidecar, terminating }) => !terminating && sidecar?.policy === policy.name,
  );
  const askable: AskablePod[] = sample(bound.filter(isAskable));
  if (bound.length > 0 && askable.length === 0) {
    return "Waits until the first sidecar of the policy runs.";
  }
  async function askOne({ name, ip, sidecar }: AskablePod): Promise<string | undefined> {
    const text = await ask({ ip, port: sidecar.port });
    return whyNotUp(policy, name, text === undefined ? undefined : sidecarAnswer(text, new Date()));
  }
  const deadline = performance.now() + DEADLINE_MILLISECONDS;
  for (const pod of askable) {
    if (performance.now() > deadline) return "Waits: the sidecars take too long to answer.";
    const objection = await askOne(pod);
    if (objection !== undefined) return objection;
  }
  return undefined;
}
