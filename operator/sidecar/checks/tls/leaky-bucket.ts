/** An amount that grows by what is added and shrinks by itself, down to nothing: how much more came lately than may. */

/** The amount. */
export interface LeakyBucket {
  add(amount: number): void;
  /** What is left of all that was added. */
  level(): number;
}

/** Empty. Loses `perSecond` a second; `now` is a clock in milliseconds that never jumps. */
export function createLeakyBucket(perSecond: number, now: () => number): LeakyBucket {
  let held = 0;
  let at = now();
  const level = () => Math.max(0, held - ((now() - at) / 1_000) * perSecond);
  return {
    add(amount) {
      held = level() + amount;
      at = now();
    },
    level,
  };
}
