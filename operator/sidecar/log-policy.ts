/**
 * One line in the log for each policy that comes into force, one for each dependency that only reports in this pod, and
 * one for a policy's removal.
 */
import { isDeepStrictEqual } from "node:util";
import type { Log } from "./log.ts";
import type { PolicyOfThisPod } from "./policy-file/policy-of-this-pod.ts";

/** Peers come and go with every rollout, and are no news to a reader of the log. */
const withoutPeers = ({ fleet, ...policy }: PolicyOfThisPod) => ({
  ...policy,
  maxUnready: fleet?.maxUnready,
});

/** A function to be given each policy that comes into force, or undefined where there is none. */
export function logPolicy(log: Log): (config: PolicyOfThisPod | undefined) => void {
  let before: PolicyOfThisPod | undefined;
  return (config) => {
    const last = before;
    before = config;
    if (!config) {
      if (last) log("info", "policy removed");
      return;
    }
    if (last && isDeepStrictEqual(withoutPeers(last), withoutPeers(config))) return;
    const { policy, generation, letGo = [] } = config;
    log("info", "policy in force", { policy, generation });
    for (const dependency of letGo) {
      log("info", "dependency only reports", { dependency, reason: "CircularDependency" });
    }
  };
}
