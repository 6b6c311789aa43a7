/** What policies bring to their pods: the policy in force, and what its file says of pods. */
import {
  type EffectivePolicy,
  policyInForce,
  type Resolution,
} from "../../api/effective-policy.ts";
import type { Caches } from "../caches.ts";
import type { ObjectName } from "../kube/kube-object.ts";
import type { PodWatches } from "../pods/pod-watches.ts";
import type { ConfigMapFound, ConfigMapWriter } from "./apply-configmap.ts";
import { createCircularNews } from "./circular-news.ts";
import type { DeliveredPolicy } from "./configmap.ts";
import { createFleetPeers, RESAMPLE_MILLISECONDS } from "./fleet-peers.ts";
import type { PodsNews } from "./pods-news.ts";

/** What is delivered to the pods of one policy, for the time of one call of the reconciler. */
export interface Delivery extends PodsNews {
  policy: DeliveredPolicy;
  /** It is what was last written, but for what the file says of pods. */
  isKept: boolean;
}

/** What deliveries are made of. */
export interface DeliveriesOptions {
  caches: Pick<Caches, "service">;
  /** Pods by namespace. Until those of one are synced, they say nothing about policies. */
  pods: Pick<PodWatches, "pods" | "synced">;
  configMaps: Pick<ConfigMapWriter, "delivered" | "look">;
}

/** Deliveries by policy. */
export interface Deliveries {
  /**
   * What the policy's pods are to follow, undefined where nothing is in force. To be made once in a call: a sample of
   * peers that is taken in the midst of one would count as delivered, and never be.
   */
  of(resolution: Resolution): Delivery | undefined;
  /** How the policy's ConfigMap stands to it. Rejects as `ConfigMapWriter.look` does. */
  look(delivery: Delivery): Promise<ConfigMapFound>;
  /** The policy is gone. */
  forget(policy: ObjectName): void;
}

/** Nothing has been delivered yet. */
export function createDeliveries({ caches, pods, configMaps }: DeliveriesOptions): Deliveries {
  const peers = createFleetPeers();
  const circular = createCircularNews(caches.service);

  /** An invalid edit decides nothing of a fleet either: not whether sidecars ask each other, nor for what share. */
  const keptOf = (resolution: Resolution, policy: EffectivePolicy) =>
    "invalid" in resolution ? configMaps.delivered(policy) : undefined;

  return {
    of: (resolution) => {
      const policy = policyInForce(resolution);
      if (!policy) return undefined;
      const kept = keptOf(resolution, policy);
      const told = kept ?? policy;
      const { namespace } = policy;
      const known = pods.synced(namespace) ? pods.pods(namespace) : undefined;
      const asked = peers.news(told, known);
      const circles = circular.news(told, known);
      return {
        policy: { ...told, fleet: asked.fleet, circularAddresses: circles.addresses },
        isKept: kept !== undefined,
        unknown: asked.unknown || circles.unknown,
        againMilliseconds: Math.min(asked.againMilliseconds, circles.againMilliseconds),
      };
    },
    look: async ({ policy, unknown }) => {
      const found = await configMaps.look(policy);
      // A new leader that knows no pods yet would take their peers from sidecars, in a fault perhaps, and hold those
      // that are let go. It is called again when it knows them, and writes no status before.
      const waits = found.state === "due" && found.stands && unknown;
      return waits ? { state: "current", dueMilliseconds: RESAMPLE_MILLISECONDS } : found;
    },
    forget: (policy) => {
      peers.forget(policy);
      circular.forget(policy);
    },
  };
}
