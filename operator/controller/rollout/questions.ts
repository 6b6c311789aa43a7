/**
 * Asks in the background whether pods of policies may go. The leader's queue has few workers for all namespaces: one
 * that waited for a sidecar would keep everybody's ConfigMaps and statuses waiting with it.
 */
import type { Logger } from "pino";
import { createRepeatedErrors } from "../kube/repeated-errors.ts";

/** Questions at once. Each asks one sidecar after the other, so that no more sidecars are asked at a time either. */
export const MOST_QUESTIONS = 20;

/** What speaks against it where asking failed, by an error of ours: no answer, and so no eviction. */
export const FAILED = "Waits: asking the sidecars failed; the operator's log says why.";

/** One question. */
export interface Question {
  /** Resolves with what speaks against it, if anything does; soon after the signal has fired. */
  ask: (signal: AbortSignal) => Promise<string | undefined>;
  /** Called with that; not after stop(). */
  onAnswer: (objection: string | undefined) => void;
}

/** What is being asked. */
export interface Questions {
  /** Whether it is asked: not where another one of this namespace is open, nor while so many are. */
  ask(namespace: string, question: Question): boolean;
  /** Asks no more; resolves when what is open has ended. */
  stop(): Promise<void>;
}

/** Nothing is asked yet. Errors get into `log`. */
export function createQuestions(log: Pick<Logger, "error">): Questions {
  const open = new Map<string, Promise<void>>();
  const ending = new AbortController();
  const errors = createRepeatedErrors();

  /** Never rejects. */
  async function answerTo(namespace: string, { ask }: Question): Promise<string | undefined> {
    try {
      const objection = await ask(ending.signal);
      errors.forget(namespace);
      return objection;
    } catch (error) {
      log.error({ namespace, ...errors.fields(namespace, error) }, "asking the sidecars failed");
      return FAILED;
    }
  }

  /** Never rejects: nobody waits for it, and an error that nobody has handled ends the operator. */
  async function put(namespace: string, question: Question): Promise<void> {
    const objection = await answerTo(namespace, question);
    open.delete(namespace);
    if (ending.signal.aborted) return;
    try {
      question.onAnswer(objection);
    } catch (error) {
      log.error({ namespace, err: error }, "an answer about an eviction was not taken in");
    }
  }

  return {
    ask: (namespace, question) => {
      const isFull = open.size >= MOST_QUESTIONS || open.has(namespace);
      if (isFull || ending.signal.aborted) return false;
      open.set(namespace, put(namespace, question));
      return true;
    },
    stop: async () => {
      ending.abort();
      await Promise.all(open.values());
    },
  };
}
