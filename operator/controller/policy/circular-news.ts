/**
 * Which pods a policy file lets go, and from which dependencies, because they have come to be behind a host of their
 * own policy. Each delivery makes every kubelet write a volume anew, and whoever may label a pod may do so all the
 * time.
 */
import { isDeepStrictEqual } from "node:util";
import type { FindService } from "../../api/circular-dependency.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { keyOf, type ObjectName } from "../kube/kube-object.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { type CircularAddresses, circularAddresses, holdingServices } from "./circular-pods.ts";
import type { PodsNews } from "./pods-news.ts";

/** A policy gets another list at most so often. The kubelet takes about a minute to deliver it as it is. */
export const PACE_MILLISECONDS = 10_000;

/** What sidecars are told of such pods. */
export interface CircularPodsNews extends PodsNews {
  addresses: CircularAddresses;
}

/** Lists by policy. */
export interface CircularNews {
  /** What the policy's file should carry; `pods` are those of its namespace, undefined while they are not known. */
  news(policy: EffectivePolicy, pods: readonly PodRecord[] | undefined): CircularPodsNews;
  /** The policy is gone. */
  forget(policy: ObjectName): void;
}

interface Told {
  uid: string;
  addresses: CircularAddresses;
  /** Of the monotonic clock. */
  changedAt: number;
}

const NONE: CircularAddresses = new Map();

/** Nothing has been told yet. */
export function createCircularNews(find: FindService): CircularNews {
  const lists = new Map<string, Told>();

  /** What is to be told, and the milliseconds after which it is another. */
  function next(before: Told, addresses: CircularAddresses): { told: Told; wait: number } {
    const never = Number.POSITIVE_INFINITY;
    if (isDeepStrictEqual(before.addresses, addresses)) return { told: before, wait: never };
    const now = performance.now();
    const wait = before.changedAt + PACE_MILLISECONDS - now;
    if (wait > 0) return { told: before, wait };
    return { told: { ...before, addresses, changedAt: now }, wait: never };
  }

  return {
    news: (policy, pods) => {
      const key = keyOf(policy);
      const { uid } = policy;
      const known = lists.get(key);
      const before = known?.uid === uid ? known : undefined;
      if (!pods) {
        // Without such a Service a policy has no such pods.
        const unknown = !before && holdingServices(policy, find).length > 0;
        const addresses = before?.addresses ?? NONE;
        return { addresses, unknown, againMilliseconds: Number.POSITIVE_INFINITY };
      }
      const nothing = { uid, addresses: NONE, changedAt: Number.NEGATIVE_INFINITY };
      const { told, wait } = next(before ?? nothing, circularAddresses(policy, pods, find));
      lists.set(key, told);
      return { addresses: told.addresses, unknown: false, againMilliseconds: wait };
    },
    forget: (policy) => lists.delete(keyOf(policy)),
  };
}
