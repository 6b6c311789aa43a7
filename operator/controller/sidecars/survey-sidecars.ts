/** Asks sidecars in turn and remembers what they said. */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import { backoffMilliseconds } from "../kube/backoff.ts";
import { keyOf } from "../kube/kube-object.ts";
import { createQueue } from "../kube/queue.ts";
import { askSidecar, type SidecarAddress } from "./ask-sidecar.ts";
import { sidecarAnswer } from "./sidecar-answer.ts";
import type { AskablePod, Outcome } from "./sidecar-reports.ts";

/** A pod is asked at most so often, once it has answered. */
const ASK_AGAIN_MILLISECONDS = 30_000;
/**
 * A sidecar that did not answer is asked again after so long, then ever less often. In an outage nodes are busy, and a
 * reason that misses its second would come 30 s later.
 */
const FIRST_BACKOFF_MILLISECONDS = 5_000;
/** Questions in flight, over all policies. */
export const MOST_IN_FLIGHT = 20;

/** Resolves with what the sidecar says, undefined where it says nothing; never rejects, and has a deadline. */
export type Ask = (address: SidecarAddress) => Promise<string | undefined>;

/** What a survey needs. */
export interface SurveyOptions {
  /** Called when a pod of the policy says something else than before. */
  onChange: (policy: NamespacedName) => void;
  log: Logger;
  /** How a sidecar is asked; for tests. */
  ask?: Ask | undefined;
  /** ASK_AGAIN_MILLISECONDS; for tests. */
  againMilliseconds?: number;
}

/** The questions that are asked again and again. */
export interface Survey {
  /** Asks these pods of the policy from now on, and no others; none once it is gone. */
  follow(policy: NamespacedName, pods: readonly AskablePod[]): void;
  /** What came of asking the pod for the policy; undefined: it has not been asked yet. */
  outcome(policy: NamespacedName, pod: AskablePod): Outcome | undefined;
  /** Asks no more; resolves when what is in flight has ended. */
  stop(): Promise<void>;
}

interface Question {
  policy: NamespacedName;
  /** Changes with the pod's address: the next pod of this name is another one. */
  key: string;
  address: SidecarAddress;
}

interface Entry {
  /** Else it stays until its turn, so that a pod that comes and goes is not asked each time. */
  wanted: boolean;
  /** Questions in a row that it did not answer. */
  unanswered: number;
  outcome?: Outcome | undefined;
}

function questionOf(policy: NamespacedName, { name, ip, sidecar }: AskablePod): Question {
  const { port } = sidecar;
  return { policy, key: `${keyOf(policy)}/${name}/${ip}/${port}`, address: { ip, port } };
}

/** A survey that asks nobody yet. */
export function createSurvey(options: SurveyOptions): Survey {
  const { onChange, log, ask = askSidecar } = options;
  const again = options.againMilliseconds ?? ASK_AGAIN_MILLISECONDS;
  /** By policy and question. */
  const policies = new Map<string, Map<string, Entry>>();
  const queue = createQueue<Question>({
    handle,
    keyOf: ({ key }) => key,
    // Each silent sidecar takes a place until its deadline: another namespace must not wait for thousands of them.
    groupOf: ({ policy }) => policy.namespace,
    log,
    concurrency: MOST_IN_FLIGHT,
  });

  function waitOf({ unanswered }: Entry): number {
    if (unanswered === 0) return again;
    const times = { firstBackoff: Math.min(FIRST_BACKOFF_MILLISECONDS, again), maxBackoff: again };
    // The whole of it: questions have been apart since the first, and silent sidecars hold up others.
    return backoffMilliseconds(unanswered - 1, times, 1);
  }

  function drop({ policy, key }: Question): void {
    const entries = policies.get(keyOf(policy));
    entries?.delete(key);
    if (entries?.size === 0) policies.delete(keyOf(policy));
  }

  async function handle(question: Question): Promise<number | undefined> {
    const entry = policies.get(keyOf(question.policy))?.get(question.key);
    if (!entry?.wanted) {
      drop(question);
      return undefined;
    }
    const text = await ask(question.address);
    const outcome = { answer: text === undefined ? undefined : sidecarAnswer(text, new Date()) };
    if (entry.wanted && !isDeepStrictEqual(entry.outcome, outcome)) {
      entry.outcome = outcome;
      onChange(question.policy);
    }
    entry.unanswered = text === undefined ? entry.unanswered + 1 : 0;
    return waitOf(entry);
  }

  function begin(question: Question, entries: Map<string, Entry>): void {
    if (entries.has(question.key)) return;
    entries.set(question.key, { wanted: true, unanswered: 0 });
    queue.add(question);
  }

  return {
    follow: (policy, pods) => {
      const entries = policies.get(keyOf(policy)) ?? new Map<string, Entry>();
      const questions = pods.map((pod) => questionOf(policy, pod));
      const wanted = new Set(questions.map(({ key }) => key));
      for (const [key, entry] of entries) {
        entry.wanted = wanted.has(key);
        // What it said before need not be so when it is asked again.
        if (!entry.wanted) entry.outcome = undefined;
      }
      // Before the first is asked, which may be at once.
      if (questions.length > 0) policies.set(keyOf(policy), entries);
      for (const question of questions) begin(question, entries);
    },
    outcome: (policy, pod) =>
      policies.get(keyOf(policy))?.get(questionOf(policy, pod).key)?.outcome,
    stop: queue.stop,
  };
}
