/** An Event as the API server stores it. Pure. */
import { createHash } from "node:crypto";
import type { EventReason } from "../../api/event-reasons.ts";
import { API_VERSION, MANAGED_BY } from "../../api/names.ts";

/** What the API server allows for an Event's note; kubectl prints it whole. */
export const MAX_MESSAGE_BYTES = 1_024;
/** So that a dot and the hash fit behind it; see MAX_NAME_LENGTH in api/limits.ts for how long a name may be. */
const MAX_PREFIX_CHARACTERS = 200;
const HASH_CHARACTERS = 16;
/** Where Events on objects without a namespace are, as the API server demands. */
const CLUSTER_NAMESPACE = "default";

/** The object that an Event is about. */
export interface EventSubject {
  apiVersion: string;
  kind: string;
  /** Absent: the object is of the cluster. */
  namespace?: string | undefined;
  name: string;
  /** By it kubectl describe finds the Event. */
  uid: string;
}

/** A policy as the subject of Events. */
export function policySubject({
  namespace,
  name,
  uid,
}: Pick<EventSubject, "namespace" | "name" | "uid">): EventSubject {
  return { apiVersion: API_VERSION, kind: "HealthPolicy", namespace, name, uid };
}

/** What is to be said. */
export interface EventToRecord {
  regarding: EventSubject;
  type: "Normal" | "Warning";
  reason: EventReason;
  /** One sentence or less; cut off after MAX_MESSAGE_BYTES. Must hold no text that a pod has given. */
  message: string;
  /**
   * Events on one object with the same reason and this text are the same: while one stands in the cluster, which
   * is for an hour by default, it is not written again, by whichever replica.
   */
  once?: string;
}

/** Cut off between characters: half of one would not be UTF-8. */
function cutOff(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return message;
  // Decoding replaces the character that was cut in two.
  return bytes
    .subarray(0, MAX_MESSAGE_BYTES - 3)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
}

/** A part of the object's name, so that a list of Events can be read. */
function nameOf({ regarding, reason, once }: EventToRecord, unique: string): string {
  const prefix = regarding.name.slice(0, MAX_PREFIX_CHARACTERS).replace(/[^a-z0-9]+$/, "");
  const what = once === undefined ? unique : JSON.stringify([regarding.uid, reason, once]);
  const hash = createHash("sha256").update(what).digest("hex").slice(0, HASH_CHARACTERS);
  return `${prefix}.${hash}`;
}

/** Where the API server takes the Event. */
export function eventPath({ namespace = CLUSTER_NAMESPACE }: EventSubject): string {
  return `/api/v1/namespaces/${namespace}/events`;
}

/**
 * The Event as it is sent. `at` is when it happened, `instance` the replica that says it, and `unique` a text that no
 * other Event had.
 */
export function eventObject(
  event: EventToRecord,
  { at, instance, unique }: { at: Date; instance: string; unique: string },
): object {
  const { regarding, type, reason, message } = event;
  const { apiVersion, kind, namespace, name, uid } = regarding;
  // The API server's own form for these fields: no fractions.
  const time = `${at.toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: nameOf(event, unique),
      namespace: namespace ?? CLUSTER_NAMESPACE,
    },
    involvedObject: { apiVersion, kind, ...(namespace !== undefined && { namespace }), name, uid },
    type,
    reason,
    message: cutOff(message),
    source: { component: MANAGED_BY },
    reportingComponent: MANAGED_BY,
    reportingInstance: instance,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
