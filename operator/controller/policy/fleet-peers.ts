/**
 * Which pods' addresses a policy file carries, so that sidecars can ask each other. Each delivery makes every kubelet
 * write a volume anew, so pods come and go without one until the sample is worth little.
 */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_PEERS } from "../../api/limits.ts";
import type { FleetConfig, PeerAddress } from "../../api/policy-file.ts";
import { keyOf, type ObjectName } from "../kube/kube-object.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { stableSample } from "../pods/stable-sample.ts";
import type { PodsNews } from "./pods-news.ts";

/** A policy gets another sample at most so often. A rollout would else write one for each pod. */
export const RESAMPLE_MILLISECONDS = 60_000;

/** A sample, and of how many pods. */
export type Sample = Pick<FleetConfig, "pods" | "peers">;

/** What sidecars are told of their fleet. */
export interface FleetNews extends PodsNews {
  /** Undefined where the policy asks for none. */
  fleet: FleetConfig | undefined;
}

interface Addressed {
  name: string;
  address: PeerAddress;
}

/**
 * Those whose sidecar runs and is bound to the policy, ready or not: were the unready left out, the rest of a fleet
 * would find each next failure to be one pod's own.
 */
function addressed(policy: string, pods: readonly PodRecord[]): Addressed[] {
  return pods.flatMap(({ name, ip, sidecar }) => {
    if (sidecar?.policy !== policy || sidecar.port === undefined || ip === undefined) return [];
    return [{ name, address: { ip, port: sidecar.port } }];
  });
}

function draw(all: readonly Addressed[]): Sample {
  return { pods: all.length, peers: stableSample(all, MAX_PEERS).map(({ address }) => address) };
}

/** Whether a third or more of `whole` is missing. */
const lacksAThird = (left: number, whole: number) => whole > 0 && left * 3 <= whole * 2;

/**
 * Whether it is time for another sample: a third of this one is gone, or a third of the next would be new, or the
 * policy has a third more or fewer pods.
 */
function isOutdated({ pods, peers }: Sample, all: readonly Addressed[]): boolean {
  const addresses = new Set(all.map(({ address }) => `${address.ip} ${address.port}`));
  const left = peers.filter(({ ip, port }) => addresses.has(`${ip} ${port}`)).length;
  return (
    lacksAThird(left, Math.max(peers.length, Math.min(MAX_PEERS, all.length))) ||
    lacksAThird(all.length, pods) ||
    lacksAThird(pods, all.length)
  );
}

/** Samples by policy. */
export interface FleetPeers {
  /** What the policy's file should carry; `pods` are those of its namespace, undefined while they are not known. */
  news(policy: EffectivePolicy, pods: readonly PodRecord[] | undefined): FleetNews;
  /** The policy is gone. */
  forget(policy: ObjectName): void;
}

/** No sample has been taken yet. */
export function createFleetPeers(): FleetPeers {
  const samples = new Map<string, Sample & { uid: string; takenAt: number }>();

  function take({ uid, ...policy }: EffectivePolicy, pods: readonly PodRecord[]): number {
    const all = addressed(policy.name, pods);
    const known = samples.get(keyOf(policy));
    const now = performance.now();
    const isSame = known?.uid === uid;
    if (isSame && !isOutdated(known, all)) return Number.POSITIVE_INFINITY;
    const wait = isSame ? known.takenAt + RESAMPLE_MILLISECONDS - now : 0;
    if (wait > 0) return wait;
    samples.set(keyOf(policy), { ...draw(all), uid, takenAt: now });
    return Number.POSITIVE_INFINITY;
  }

  return {
    news: (policy, pods) => {
      const { maxUnready } = policy;
      if (maxUnready === undefined) {
        return { fleet: undefined, unknown: false, againMilliseconds: Number.POSITIVE_INFINITY };
      }
      const againMilliseconds = pods ? take(policy, pods) : Number.POSITIVE_INFINITY;
      const known = samples.get(keyOf(policy));
      const { pods: count, peers } = known?.uid === policy.uid ? known : { pods: 0, peers: [] };
      return {
        fleet: { maxUnready, pods: count, peers },
        unknown: known?.uid !== policy.uid,
        againMilliseconds,
      };
    },
    forget: (policy) => samples.delete(keyOf(policy)),
  };
}
