/** An API server's side of a call, for tests. */
import { type Agent, request } from "node:https";
import { ADMISSION_PATH } from "../../api/names.ts";
import type { Operation } from "../patch.ts";
import { applyPatch } from "./apply-patch.ts";

/** Where the webhook listens, whose certificates are trusted, and from which address of 127.0.0.0/8 it is called. */
export interface Target {
  port: number;
  ca: string;
  agent?: Agent;
  localAddress?: string;
}

export interface Call {
  path: string;
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

const CALL_TIMEOUT_MILLISECONDS = 10_000;

/** One request; a connection of its own unless the target has an agent. */
export function call(
  target: Target,
  { path, method = "GET", body, headers }: Call,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        // A source address of IPv4 goes with none of IPv6, to which localhost may lead.
        host: target.localAddress ? "127.0.0.1" : "localhost",
        servername: "localhost",
        localAddress: target.localAddress,
        port: target.port,
        ca: target.ca,
        agent: target.agent ?? false,
        path,
        method,
        headers: { "Content-Type": "application/json", ...headers },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MILLISECONDS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The review of the creation of `pod` in namespace `shop`, with `request` instead of its own fields. */
export function reviewOf(pod: unknown, request: Record<string, unknown> = {}) {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "review-1",
      kind: { group: "", version: "v1", kind: "Pod" },
      resource: { group: "", version: "v1", resource: "pods" },
      operation: "CREATE",
      namespace: "shop",
      dryRun: false,
      object: pod,
      oldObject: null,
      ...request,
    },
  };
}

interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  warnings?: string[];
  patchType?: string;
  patch?: string;
}

/** Sends a review that must be answered with 200; gives the response and the pod after its patch. */
export async function postReview(target: Target, review: ReturnType<typeof reviewOf>) {
  const body = JSON.stringify(review);
  const reply = await call(target, { path: ADMISSION_PATH, method: "POST", body });
  if (reply.status !== 200) throw new Error(`answered ${reply.status}: ${reply.text}`);
  const { response } = JSON.parse(reply.text) as { response: AdmissionResponse };
  const patch = Buffer.from(response.patch ?? "", "base64").toString();
  const operations = patch === "" ? [] : (JSON.parse(patch) as Operation[]);
  return { response, operations, pod: applyPatch(review.request.object, operations) };
}
