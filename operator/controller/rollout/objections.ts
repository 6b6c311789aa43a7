/** Whether a pod of a policy may go at this very moment, as its sidecars and the webhook say. */
import type { Logger } from "pino";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { Ask } from "../sidecars/survey-sidecars.ts";
import { whyDependenciesWait } from "./dependencies-up.ts";
import { createQuestions } from "./questions.ts";
import type { AskedQuestion, RolloutMemory, Wait } from "./rollout-memory.ts";

/** An answer is of use for so long, and as long nobody is asked again. */
const ANSWER_MILLISECONDS = 10_000;
/** In case that the question could not be asked yet. */
const SOON_MILLISECONDS = 1_000;

/** Who is asked. */
export interface ObjectionsOptions {
  podsOf: (policy: EffectivePolicy) => readonly PodRecord[];
  ask: Ask;
  /** Whether the webhook answers at this very moment. */
  webhookAnswers: () => Promise<boolean>;
  /** Called when there is an answer about the policy. */
  onAnswer: (policy: EffectivePolicy) => void;
  log: Pick<Logger, "error">;
}

/** What is asked in the background, and what came of it. */
export interface Objections {
  /** What was said a moment ago against an eviction. */
  known(memory: RolloutMemory): Wait | undefined;
  /**
   * Undefined: a pod may go, nothing was said against it a moment ago. Waits for nobody: where nothing is known it has
   * them asked. However often it is called meanwhile, they are not asked again at once.
   */
  ask(policy: EffectivePolicy, memory: RolloutMemory): Wait | undefined;
  /** Asks no more; resolves when what was asked has ended. */
  stop(): Promise<void>;
}

/** Nobody is asked yet. */
export function createObjections(options: ObjectionsOptions): Objections {
  const questions = createQuestions(options.log);

  async function objection(
    policy: EffectivePolicy,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const ask: Ask = async (address) => (signal.aborted ? undefined : options.ask(address));
    const message = await whyDependenciesWait(policy, options.podsOf(policy), ask);
    if (message !== undefined) return message;
    if (await options.webhookAnswers()) return undefined;
    return "Waits until the operator's webhook answers: new pods would get no sidecar.";
  }

  /** Undefined where it cannot be asked now. */
  function askAbout(policy: EffectivePolicy): AskedQuestion | undefined {
    const question: AskedQuestion = {};
    const isAsked = questions.ask(policy.namespace, {
      ask: (signal) => objection(policy, signal),
      onAnswer: (message) => {
        question.answer = { message, until: performance.now() + ANSWER_MILLISECONDS };
        options.onAnswer(policy);
      },
    });
    return isAsked ? question : undefined;
  }

  /** What was said before they were asked again stays, so that the status does not change with each question. */
  function whileAsking({ status }: RolloutMemory): Wait {
    const message = status && !status.evicting ? status.message : "Asks the sidecars.";
    return { message, for: SOON_MILLISECONDS };
  }

  function known({ question }: RolloutMemory): Wait | undefined {
    const { message, until } = question?.answer ?? { until: 0 };
    const left = until - performance.now();
    return message === undefined || left <= 0 ? undefined : { message, for: left };
  }

  return {
    known,
    ask: (policy, memory) => {
      const answer = memory.question?.answer;
      if (answer && answer.until > performance.now()) return known(memory);
      if (answer || !memory.question) memory.question = askAbout(policy);
      return whileAsking(memory);
    },
    stop: questions.stop,
  };
}
