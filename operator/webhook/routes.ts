/** Which answer a request gets. */
import type { IncomingMessage } from "node:http";
import { ADMISSION_PATH, POLICIES_PATH, PROOF_PATH } from "../api/names.ts";
import { type AdmitOptions, admit } from "./admit.ts";
import { type Answer, refusal } from "./answer.ts";
import { answerProof } from "./answer-proof.ts";
import type { BodyReader } from "./read-body.ts";

/** Why a body is not read, by the status that answers it: the reason and one sentence. */
export const REFUSED_BODY = {
  411: ["NoLength", "the request must say the length of its body"],
  413: ["TooLarge", "the body is larger than 3 MiB"],
  503: ["Busy", "the memory for bodies is full"],
} as const;

/** Everything that any of the answers needs. */
export interface RouteOptions extends AdmitOptions {
  /** This replica's pod. */
  podName: string;
}

function isJson(request: IncomingMessage): boolean {
  const [type] = (request.headers["content-type"] ?? "").split(";");
  return type?.trim().toLowerCase() === "application/json";
}

/** A proof is no injection: it is answered by other code, which never looks at a pod. */
function reviewed(request: IncomingMessage, text: string, options: RouteOptions): Answer {
  if (pathOf(request) === ADMISSION_PATH) return admit(text, options);
  const { podName, knowledge } = options;
  return answerProof(text, { podName, ownNamespace: knowledge.ownNamespace });
}

async function review(
  request: IncomingMessage,
  read: BodyReader,
  options: RouteOptions,
): Promise<Answer | undefined> {
  if (request.method !== "POST") return refusal(405, "MethodNotAllowed", "use POST");
  if (!isJson(request)) return refusal(415, "NotJson", "the content type must be application/json");
  const body = await read(request, (text) => reviewed(request, text, options));
  if (body === undefined) return undefined;
  if ("used" in body) return body.used;
  const [reason, message] = REFUSED_BODY[body.status];
  options.metrics.injections.inc({ result: "refused", reason });
  return refusal(body.status, reason, message);
}

/** Which generation of a policy this replica injects; the answer comes from what injection reads. */
function knownPolicy(path: string, { knowledge }: AdmitOptions): Answer {
  const [namespace = "", name] = path.slice(POLICIES_PATH.length + 1).split("/");
  const policies = knowledge.policies(namespace);
  if (!policies) return refusal(503, "CacheNotSynced", "the cache is not filled yet");
  const policy = policies.find((candidate) => candidate.name === name);
  if (!policy) return refusal(404, "NotFound", "no such policy is known here");
  const heldBack = knowledge.heldBack(policy);
  if (heldBack) return refusal(404, heldBack, "not injected here now");
  const { generation, uid } = policy;
  return { status: 200, body: JSON.stringify({ generation, uid }) };
}

/** The path that a request asks for, without its parameters. */
function pathOf(request: IncomingMessage): string {
  const [path = ""] = (request.url ?? "").split("?");
  return path;
}

/** The answer to a request; undefined when its sender has gone. */
export async function route(
  request: IncomingMessage,
  read: BodyReader,
  options: RouteOptions,
): Promise<Answer | undefined> {
  const path = pathOf(request);
  if (path === ADMISSION_PATH || path === PROOF_PATH) return review(request, read, options);
  if (path.startsWith(`${POLICIES_PATH}/`) && request.method === "GET") {
    return knownPolicy(path, options);
  }
  return refusal(404, "NotFound", "no such path");
}

/**
 * Whether the connection is worth keeping after this answer. An API server sends reviews and gets 200;
 * anybody else in the cluster can reach the port too and must not hold its connections. A proof comes
 * by a new connection each time: an old one could outlive the firewall rule that refuses new ones.
 */
export function mayStay(request: IncomingMessage, answer: Answer): boolean {
  // A body that was not read to its end stands before the next request.
  return request.complete && answer.status === 200 && pathOf(request) === ADMISSION_PATH;
}

/** The answer to an `Expect` header that nothing here can meet. */
export function expectationFailed(): Answer {
  return refusal(417, "ExpectationFailed", "only 100-continue can be expected");
}
