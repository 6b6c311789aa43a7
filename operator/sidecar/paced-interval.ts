/** Pure: how often to check what takes much of the CPU before it is connected. */
import { MAX_DEPENDENCIES } from "../api/limits.ts";

/**
 * What connecting may take for all dependencies together before any is asked less often, in milliseconds of CPU a
 * second: the sidecar's default limit is 100, and handshakes have a share of their own
 * (`checks/tls/handshake-costs.ts`).
 */
const ALL_PER_SECOND = 40;
/** An equal share of it is each dependency's own, whatever the others take. */
const OWN_PER_SECOND = ALL_PER_SECOND / MAX_DEPENDENCIES;

/**
 * The interval of a dependency, in milliseconds: its policy's, longer where both exceed what they may take: `own`, what
 * its connecting takes, and `all`, what that of all dependencies does, in milliseconds of CPU a second at the policy's
 * interval. Those that take no more than their share keep theirs, so that a ring of servers whose names lead nowhere,
 * 128 questions at each check, does not delay them. `own` is nothing where the next check must not wait
 * (`mayWait` of verdict.ts): its result would become too old.
 */
export function pacedInterval(
  intervalMilliseconds: number,
  { own, all }: { own: number; all: number },
): number {
  return intervalMilliseconds * Math.max(1, Math.min(all / ALL_PER_SECOND, own / OWN_PER_SECOND));
}
