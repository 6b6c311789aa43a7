/** Test fixture: what a lookup leaves behind. */
import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";

/** How many timers are left of those that `body` started, also of such as keep no program alive. */
export async function timersLeftBy(body: () => Promise<unknown>): Promise<number> {
  const timers = new Set<number>();
  // Jest has timers of its own in this process.
  const within = new AsyncLocalStorage<boolean>();
  const hook = createHook({
    init: (id, type) => type === "Timeout" && within.getStore() && timers.add(id),
    destroy: (id) => timers.delete(id),
  }).enable();
  try {
    await within.run(true, body);
    // Node.js tells of what was cleared a turn later.
    await nextTurn();
    await nextTurn();
    return timers.size;
  } finally {
    hook.disable();
  }
}
