/** The dependencies that are down here, and what is known of them from other pods. */
import type { FleetConfig, PolicyFile } from "../../api/policy-file.ts";
import {
  afterQuestion,
  type FleetCase,
  isShared,
  type PeerCount,
  type Share,
  shareAt,
} from "./fleet-share.ts";

/** A policy under which peers are asked. */
type FleetPolicy = PolicyFile & { fleet: FleetConfig };

/** Whether there is anybody to ask. A policy without that holds nothing back. */
export function asksPeers(config: PolicyFile | undefined): config is FleetPolicy {
  return (config?.fleet?.peers.length ?? 0) > 0;
}

/** Cases by the dependency's name. */
export interface FleetCases {
  /** Takes in whether the dependency would gate at this moment, but for its peers. */
  note(name: string, wouldGate: boolean, at: number): void;
  /** Takes in that a check of the dependency has failed here. */
  failed(name: string): void;
  /** Takes in what peers say of dependencies. */
  count(counts: ReadonlyMap<string, PeerCount>, at: number): void;
  /** What is known of a dependency; undefined where nobody is asked. Changes nothing. */
  share(name: string, at: number): Share | undefined;
  /** Forgets what the policy in force does not name. */
  keep(isNamed: (name: string) => boolean): void;
  /** Those that are to be asked about. */
  names(): string[];
}

/** No case yet; `policy` gives the one in force. */
export function createFleetCases(policy: () => PolicyFile | undefined): FleetCases {
  const cases = new Map<string, FleetCase>();

  return {
    note(name, wouldGate, at) {
      if (!wouldGate || !asksPeers(policy())) cases.delete(name);
      else if (!cases.has(name)) {
        cases.set(name, { since: at, share: "Awaited", against: 0, hasFailedSince: false });
      }
    },
    failed(name) {
      const known = cases.get(name);
      if (known) cases.set(name, { ...known, hasFailedSince: true });
    },
    count(counts, at) {
      const config = policy();
      if (!asksPeers(config)) return;
      const { fleet, timing } = config;
      for (const [name, count] of counts) {
        const known = cases.get(name);
        if (known) {
          cases.set(name, afterQuestion(known, isShared(count, fleet), { at, timing }));
        }
      }
    },
    share(name, at) {
      const config = policy();
      if (!asksPeers(config)) return undefined;
      const known = cases.get(name);
      // One that has become too old a moment ago is noted within seconds.
      return known ? shareAt(known, at, config.timing) : "Awaited";
    },
    keep(isNamed) {
      for (const name of cases.keys()) if (!isNamed(name)) cases.delete(name);
    },
    names: () => [...cases.keys()],
  };
}
