/** How long a lookup waits: for one name server, and for an answer that may be worth more than the one at hand. */
/** How long one lookup waits. */
export interface Waits {
  /** For so long one name server may be silent before the next is asked as well. */
  silenceMilliseconds: number;
  /**
   * From now on: for how many milliseconds it still waits for what may be worth more than the answer at hand, where it
   * has `longer` milliseconds more in all.
   */
  patience(longer?: number): number;
}

/** Of a budget of many seconds, no more is waited than an answer takes that no name server has in its cache. */
const MAX_SILENCE_MILLISECONDS = 1_000;
/**
 * The part of a budget for lookup and connection that each silence takes. With two of three name servers dead, or two
 * datagrams lost, half of it is left for an answer and for the connection.
 */
const SILENCE_OF_BUDGET = 1 / 4;
/** So many silences from its start a lookup waits for what may be worth more than the answer at hand. */
const SILENCES_OF_PATIENCE = 2;
/**
 * So many silences a lookup is waited for where outdated addresses are at hand. More than its patience: behind a dead
 * name server, that there is no such name is believed when that is over, and the next of a search list only asked for
 * then. Of the budget three eighths are left for the connection.
 */
const SILENCES_OF_ASKING_ANEW = SILENCES_OF_PATIENCE + 1 / 2;

/** Why a wait ends that is not needed any more. Without a reason `abort()` makes an error with a stack trace. */
export const ENDED = "ended";

/** How long a name server may be silent, where lookup and connection together may take `budgetMilliseconds`. */
export function silenceWithin(budgetMilliseconds: number): number {
  return Math.min(MAX_SILENCE_MILLISECONDS, budgetMilliseconds * SILENCE_OF_BUDGET);
}

/** How long a whole lookup is waited for in that budget, where outdated addresses are at hand. */
export function askingAnewWithin(budgetMilliseconds: number): number {
  return SILENCES_OF_ASKING_ANEW * silenceWithin(budgetMilliseconds);
}

/**
 * The waits of a lookup that begins now. Its names share one patience: had each name of a search list its own, two of
 * them could take all that was left for the connection.
 */
export function startWaits(silenceMilliseconds: number): Waits {
  const end = performance.now() + SILENCES_OF_PATIENCE * silenceMilliseconds;
  const patience = (longer = 0) => Math.max(0, end + longer - performance.now());
  return { silenceMilliseconds, patience };
}

/**
 * Waits, but no longer than until `signal` fires: a timer that outlived its question would wake an idle sidecar for
 * nothing. Never rejects. Not by `timers/promises`, which makes an error with a stack trace for each wait that ends
 * early: each question has three, and the names of a ring ask 128 at once.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    timer.unref();
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
