/** For how long policies have been waiting, each in its present generation. */
import { keyOf } from "../kube/kube-object.ts";
import type { PolicyVersion } from "./ask-replicas.ts";

/** Remembers it. */
export interface WaitingTimes {
  /** Milliseconds since it has been seen waiting; 0 for one that was not. */
  waited(policy: PolicyVersion): number;
  /** Whether it waits now. */
  seen(policy: PolicyVersion, waits: boolean): void;
  /** The policy is gone. */
  forget(key: string): void;
}

function versionOf({ uid, generation }: PolicyVersion): string {
  return `${uid}/${generation}`;
}

/** No policy has waited yet. */
export function createWaitingTimes(): WaitingTimes {
  const waiting = new Map<string, { version: string; since: number }>();

  function waited(policy: PolicyVersion): number {
    const known = waiting.get(keyOf(policy));
    return known?.version === versionOf(policy) ? performance.now() - known.since : 0;
  }

  return {
    waited,
    seen: (policy, waits) => {
      const since = performance.now() - waited(policy);
      if (waits) waiting.set(keyOf(policy), { version: versionOf(policy), since });
      else waiting.delete(keyOf(policy));
    },
    forget: (key) => waiting.delete(key),
  };
}
