/** One line in the log for each policy that comes into force, and for its removal. */
import { isDeepStrictEqual } from "node:util";
import type { PolicyFile } from "../api/policy-file.ts";
import type { Log } from "./log.ts";

/** Peers come and go with every rollout, and are no news to a reader of the log. */
const withoutPeers = ({ fleet, ...policy }: PolicyFile) => ({
  ...policy,
  maxUnready: fleet?.maxUnready,
});

/** A function to be given each policy that comes into force, or undefined where there is none. */
export function logPolicy(log: Log): (config: PolicyFile | undefined) => void {
  let before: PolicyFile | undefined;
  return (config) => {
    const last = before;
    before = config;
    if (!config) {
      if (last) log("info", "policy removed");
      return;
    }
    if (last && isDeepStrictEqual(withoutPeers(last), withoutPeers(config))) return;
    const { policy, generation, circularPods } = config;
    log("info", "policy in force", { policy, generation });
    if (circularPods) log("info", "policy only reports", { policy, reason: "CircularDependency" });
  };
}
