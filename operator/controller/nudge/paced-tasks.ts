/** Carries out many small tasks at a bounded pace, and drops those for which it has become too late. */

/** So many at once, in case that the API server is slow. */
const MOST_AT_ONCE = 5;
/** A task that failed is tried again so often, after so long. */
const RETRIES = 2;
const RETRY_MILLISECONDS = 1_000;

/** Something to be done. Times in milliseconds from now. */
export interface Task {
  /** A task takes the place of one of the same key that has not begun. */
  key: string;
  after: number;
  /** Dropped when it has not begun by then. */
  within: number;
  run: () => Promise<void>;
  /** It has failed for good. */
  failed: (error: unknown) => void;
  /** It will not run: it is too late, or too many wait. */
  dropped: () => void;
}

/** How much, how fast. */
export interface PacedTasksOptions {
  perSecond: number;
  /** Further tasks are dropped while so many wait. */
  most: number;
}

/** Tasks that wait or run. */
export interface PacedTasks {
  add(task: Task): void;
  /** Fires when no more is to be done. */
  signal: AbortSignal;
  /** Begins nothing more; resolves when what runs has ended. */
  stop(): Promise<void>;
}

interface Waiting extends Task {
  at: number;
  until: number;
  retries: number;
}

/** Without a task. */
export function createPacedTasks({ perSecond, most }: PacedTasksOptions): PacedTasks {
  const waiting = new Map<string, Waiting>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let ticking: NodeJS.Timeout | undefined;

  function failed(task: Waiting, error: unknown): void {
    if (stopping.signal.aborted) return;
    if (task.retries === 0) {
      task.failed(error);
      return;
    }
    const at = performance.now() + RETRY_MILLISECONDS;
    if (!waiting.has(task.key)) put({ ...task, at, retries: task.retries - 1 });
  }

  /** The one that has been due longest; drops what is too late. */
  function takeDue(now: number): Waiting | undefined {
    for (const task of waiting.values()) {
      const isTooLate = task.until < now;
      if (!isTooLate && task.at > now) continue;
      waiting.delete(task.key);
      if (!isTooLate) return task;
      task.dropped();
    }
    return undefined;
  }

  function tick(): void {
    if (waiting.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
    const task = running.size < MOST_AT_ONCE ? takeDue(performance.now()) : undefined;
    if (!task) return;
    const run = task
      .run()
      .catch((error: unknown) => failed(task, error))
      .finally(() => running.delete(run));
    running.add(run);
  }

  function put(task: Waiting): void {
    waiting.set(task.key, task);
    ticking ??= setInterval(tick, 1_000 / perSecond);
  }

  return {
    add: (task) => {
      if (stopping.signal.aborted) return;
      if (waiting.size >= most && !waiting.has(task.key)) {
        task.dropped();
        return;
      }
      const now = performance.now();
      put({ ...task, at: now + task.after, until: now + task.within, retries: RETRIES });
    },
    signal: stopping.signal,
    stop: async () => {
      stopping.abort();
      clearInterval(ticking);
      await Promise.all(running);
    },
  };
}
