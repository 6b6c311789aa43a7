/** How long a policy of either kind is left alone. */

/**
 * Where nothing is under way it is looked at again after so long, though every change is an event: a bug
 * or a lost event must not last for ever.
 */
export const IDLE_MILLISECONDS = 600_000;
