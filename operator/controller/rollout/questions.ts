/**
 * Asks in the background whether pods of policies may go. The leader's queue has few workers for all namespaces: one
 * that waited for a sidecar would keep everybody's ConfigMaps and statuses waiting with it.
 */

/** Questions at once. Each asks one sidecar after the other, so that no more sidecars are asked at a time either. */
export const MOST_QUESTIONS = 20;

/** One question. */
export interface Question {
  /** Resolves with what speaks against it, if anything does. Never rejects, and soon after the signal has fired. */
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

/** Nothing is asked yet. */
export function createQuestions(): Questions {
  const open = new Map<string, Promise<void>>();
  const ending = new AbortController();

  async function put(namespace: string, { ask, onAnswer }: Question): Promise<void> {
    const objection = await ask(ending.signal);
    open.delete(namespace);
    if (!ending.signal.aborted) onAnswer(objection);
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
