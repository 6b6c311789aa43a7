/** AdmissionReview, in and out. Only admission.k8s.io/v1, only the creation of pods. */
import type { Pod } from "../inject/pod.ts";
import { type Fields, isObject } from "./fields.ts";
import type { Operation } from "./patch.ts";
import { isStructureBounded } from "./structure.ts";

const API_VERSION = "admission.k8s.io/v1";
const KIND = "AdmissionReview";
/** API servers send a UUID of 36 characters. The uid is echoed: 3 MiB of it would come back with each answer. */
const UID_LIMIT_CHARACTERS = 64;
/** The name of a namespace. Nothing else that a body calls one may get into the log. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Characters of a warning. The longest of ours names two policies of 253 each. What is longer quotes what nobody has
 * validated yet: 3 MiB of it would come back with each answer.
 */
const WARNING_LIMIT_CHARACTERS = 1_024;
/** API servers drop a warning with one of them (`NewWarningHeader`). */
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** What of the request decides the answer. */
export interface ReviewRequest {
  uid: string;
  namespace: string;
  pod: Pod;
}

/** Every reason for which a body is refused, the same in answer and metric. */
export const REFUSALS = [
  "TooComplex",
  "NotJson",
  "NotAnAdmissionReview",
  "NoUid",
  "UidTooLong",
  "NotAPodCreation",
] as const;

/** Why a body is not a request that this webhook answers. */
export interface Refusal {
  reason: (typeof REFUSALS)[number];
  message: string;
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

function refuse(reason: Refusal["reason"], message: string): { refusal: Refusal } {
  return { refusal: { reason, message } };
}

function requestOf(review: Fields): { request: Fields & { uid: string } } | { refusal: Refusal } {
  const { request } = review;
  if (!isObject(request) || typeof request.uid !== "string" || request.uid === "") {
    return refuse("NoUid", "request.uid is missing");
  }
  const { uid } = request;
  if (uid.length > UID_LIMIT_CHARACTERS) {
    return refuse("UidTooLong", `request.uid is longer than ${UID_LIMIT_CHARACTERS} characters`);
  }
  return { request: { ...request, uid } };
}

/** Reads the body of a call, whatever it asks about; never throws. */
export function parseRequest(
  text: string,
): { request: Fields & { uid: string } } | { refusal: Refusal } {
  if (!isStructureBounded(text)) {
    return refuse("TooComplex", "the body nests deeper or has more parts than any pod");
  }
  const review = parseJson(text);
  if (review === undefined) return refuse("NotJson", "the body is not JSON");
  if (!isObject(review) || review.apiVersion !== API_VERSION || review.kind !== KIND) {
    return refuse("NotAnAdmissionReview", `the body is not an ${KIND} of ${API_VERSION}`);
  }
  return requestOf(review);
}

function isNamespace(value: unknown): value is string {
  return typeof value === "string" && NAMESPACE.test(value);
}

/** Reads the body of a call about a pod; never throws. */
export function parseReview(text: string): { request: ReviewRequest } | { refusal: Refusal } {
  const parsed = parseRequest(text);
  if ("refusal" in parsed) return parsed;
  const { uid, namespace, object } = parsed.request;
  if (!isPodCreation(parsed.request) || !isNamespace(namespace) || !isObject(object)) {
    const message = "request must be the CREATE of a v1 Pod in a namespace, with its object";
    return refuse("NotAPodCreation", message);
  }
  return { request: { uid, namespace, pod: object as Pod } };
}

function boundedWarning(warning: string): string {
  return warning.slice(0, WARNING_LIMIT_CHARACTERS).replaceAll(CONTROL_CHARACTERS, " ");
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
    response: {
      uid,
      allowed: true,
      ...(warnings.length > 0 && { warnings: warnings.map(boundedWarning) }),
      ...patch,
    },
  });
}
