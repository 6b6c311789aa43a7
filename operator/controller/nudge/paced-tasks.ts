/**
 * Carries out many small tasks at a bounded pace, and drops those for which it has become too late. Groups take turns,
 * however many tasks one of them has.
 */
import { createTurns } from "../kube/turns.ts";

/** So many at once, in case that the API server is slow. */
const MOST_AT_ONCE = 5;
/** A task that failed is tried again so often, after so long. */
const RETRIES = 2;
const RETRY_MILLISECONDS = 1_000;

/** Something to be done. Times in milliseconds from now. */
export interface Task {
  /** Whose turn it takes. */
  group: string;
  /** A task takes the place of one of the same group and key that has not begun. */
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
  /** While so many wait, one more drops the last of the group that has most, or is dropped where that is its own. */
  most: number;
}

/** Tasks that wait or run. */
export interface PacedTasks {
  add(task: Task): void;
  /** A task of this group and key that has not begun will not; nobody is told. */
  remove(group: string, key: string): void;
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
  const waiting = createTurns<Waiting>();
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
    if (!waiting.get(task.group, task.key)) put({ ...task, at, retries: task.retries - 1 });
  }

  /** The first that is due of the group whose turn it is; drops what is too late. */
  function takeDue(now: number): Waiting | undefined {
    for (;;) {
      const task = waiting.take(({ at, until }) => at <= now || until < now);
      if (!task || task.until >= now) return task;
      task.dropped();
    }
  }

  /** Whether there is a place for it. Many tasks of one group are dropped at little cost. */
  function makeRoom({ group, key }: Task): boolean {
    if (waiting.size() < most || waiting.get(group, key)) return true;
    const longest = waiting.longest() ?? group;
    if (waiting.sizeOf(longest) <= waiting.sizeOf(group) + 1) return false;
    waiting.takeLast(longest)?.dropped();
    return true;
  }

  function tick(): void {
    if (waiting.size() === 0) {
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
    waiting.set(task.group, task.key, task);
    ticking ??= setInterval(tick, 1_000 / perSecond);
  }

  return {
    add: (task) => {
      if (stopping.signal.aborted) return;
      if (!makeRoom(task)) {
        task.dropped();
        return;
      }
      const now = performance.now();
      put({ ...task, at: now + task.after, until: now + task.within, retries: RETRIES });
    },
    remove: waiting.remove,
    signal: stopping.signal,
    stop: async () => {
      stopping.abort();
      clearInterval(ticking);
      await Promise.all(running);
    },
  };
}
