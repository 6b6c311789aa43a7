/** AdmissionReview, in and out. Only admission.k8s.io/v1, only the creation of pods. */
import type { Pod } from "../inject/pod.ts";
import type { Operation } from "./patch.ts";

const API_VERSION = "admission.k8s.io/v1";
const KIND = "AdmissionReview";

/** What of the request decides the answer. */
export interface ReviewRequest {
  uid: string;
  namespace: string;
  pod: Pod;
}

export const REFUSALS = ["NotJson", "NotAnAdmissionReview", "NoUid", "NotAPodCreation"] as const;

/** Why a body is not a request that this webhook answers. */
export interface Refusal {
  reason: (typeof REFUSALS)[number];
  message: string;
}

/** A JSON object of which nothing is known. */
export type Fields = Record<string, unknown>;

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPodCreation(request: Fields): boolean {
  const { kind, operation, subResource = "" } = request;
  return (
    isObject(kind) &&
    (kind.group ?? "") === "" &&
    kind.version === "v1" &&
    kind.kind === "Pod" &&
    operation === "CREATE" &&
    subResource === ""
  );
}

/** Reads the body of a call, whatever it asks about; never throws. */
export function parseRequest(
  text: string,
): { request: Fields & { uid: string } } | { refusal: Refusal } {
  const review = parseJson(text);
  if (review === undefined) {
    return { refusal: { reason: "NotJson", message: "the body is not JSON" } };
  }
  if (!isObject(review) || review.apiVersion !== API_VERSION || review.kind !== KIND) {
    const message = `the body is not an ${KIND} of ${API_VERSION}`;
    return { refusal: { reason: "NotAnAdmissionReview", message } };
  }
  const { request } = review;
  if (!isObject(request) || typeof request.uid !== "string" || request.uid === "") {
    return { refusal: { reason: "NoUid", message: "request.uid is missing" } };
  }
  return { request: { ...request, uid: request.uid } };
}

/** Reads the body of a call about a pod; never throws. */
export function parseReview(text: string): { request: ReviewRequest } | { refusal: Refusal } {
  const parsed = parseRequest(text);
  if ("refusal" in parsed) return parsed;
  const { uid, namespace, object } = parsed.request;
  if (!isPodCreation(parsed.request) || typeof namespace !== "string" || !isObject(object)) {
    const message = "request must be the CREATE of a v1 Pod in a namespace, with its object";
    return { refusal: { reason: "NotAPodCreation", message } };
  }
  return { request: { uid, namespace, pod: object as Pod } };
}

/**
 * The text of the answer. Always allowed: this webhook adds to pods and never refuses one. One patch
 * with every change, or none.
 */
export function reviewAnswer(
  uid: string,
  operations: readonly Operation[],
  warnings: readonly string[],
): string {
  const patch = operations.length > 0 && {
    patchType: "JSONPatch",
    patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
  };
  return JSON.stringify({
    apiVersion: API_VERSION,
    kind: KIND,
    response: { uid, allowed: true, ...(warnings.length > 0 && { warnings }), ...patch },
  });
}
