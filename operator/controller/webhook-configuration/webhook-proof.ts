/**
 * The proof that pods get their sidecar: what is sent through an API server, how its answer is read, and
 * what follows from several answers. Pure.
 */
import {
  ANSWERED_BY_ANNOTATION,
  CHALLENGE_ANNOTATION,
  WEBHOOK_PROOF_CONFIG_MAP,
  WEBHOOK_PROOF_LABEL,
} from "../../api/names.ts";
import { WEBHOOK_CONFIGURATION } from "./webhook-configuration.ts";

/** Between two proofs while the webhook answers. */
export const PROOF_INTERVAL_MILLISECONDS = 30_000;
/** Between two proofs while it does not. */
export const PROOF_RETRY_MILLISECONDS = 3_000;
/**
 * So many proofs in a row have to fail before anything is said: one lost packet, or a replica that
 * leaves, must not change the condition of every policy. With the default timeout of 3 s that takes
 * 30 + 3 x 3 + 2 x 3 = 45 s at most, and 51 s with the longest timeout of 5 s.
 */
export const PROOF_FAILURES_IN_A_ROW = 3;

/** What one proof has shown. */
export type Proof =
  /** This replica has answered: its annotation is in the dry run's result. */
  | { result: "answered"; replica: string }
  /** The dry run came back without the answer of a replica. */
  | { result: "unanswered" }
  /** The API server did not carry out the dry run, which says nothing about the webhook. */
  | { result: "failed"; why: string };

/** What is known about the way from API servers to the webhook. */
export type Reach =
  | { state: "reachable" }
  | { state: "unreachable"; message: string }
  /** Not tried yet, or the API server does not carry out the dry run. */
  | { state: "unknown"; message: string };

/** What the proofs so far have shown. */
export interface ProofHistory {
  reach: Reach;
  /** Proofs in a row that were not answered. */
  failures: number;
}

/** Where the webhook is. */
export interface ProofTarget {
  /** The operator's own namespace. */
  namespace: string;
  /** Port of the webhook in the operator's pods. */
  port: number;
}

/** What a message is made from. */
export type ProofSubject = ProofTarget & {
  /** Why the last write of the configuration has failed; undefined where it has not. */
  unwritten?: string | undefined;
};

/** Before the first proof. */
export const NOT_PROVEN_YET: ProofHistory = {
  reach: { state: "unknown", message: "The webhook has not been tried yet." },
  failures: 0,
};

/** Whether nothing is known because this leader is new: its first proof, or the third that fails, will say. */
export function isUntried(reach: Reach): boolean {
  return reach === NOT_PROVEN_YET.reach;
}

/** What a proof says that came back without a mark of the webhook's. */
export const UNANSWERED =
  "The API server gets no answer from the operator's webhook, so new pods start without the sidecar.";

/** The ConfigMap that is applied as a dry run. The challenge is a word that was never used before. */
export function proofConfigMap(namespace: string, challenge: string) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: WEBHOOK_PROOF_CONFIG_MAP,
      namespace,
      labels: { [WEBHOOK_PROOF_LABEL]: "true" },
      annotations: { [CHALLENGE_ANNOTATION]: challenge },
    },
  };
}

/** Reads what the API server made of it. An answer to another challenge is an old one that was stored. */
export function readProof(answer: unknown, challenge: string): Proof {
  const { metadata } = (answer ?? {}) as { metadata?: { annotations?: Record<string, unknown> } };
  const answeredBy = String(metadata?.annotations?.[ANSWERED_BY_ANNOTATION] ?? "");
  const [replica = "", answeredChallenge] = answeredBy.split(" ");
  return answeredChallenge === challenge
    ? { result: "answered", replica }
    : { result: "unanswered" };
}

function unreachable({ namespace, port, unwritten }: ProofSubject): Reach {
  const refused =
    unwritten === undefined
      ? ""
      : `MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} could not be written: ${unwritten}. `;
  const message =
    `${UNANSWERED} ${refused}` +
    `Look at the firewall between API servers and port ${port} of the operator's pods, at NetworkPolicies in ` +
    `namespace ${namespace}, and whether something deletes or changes MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION}.`;
  return { state: "unreachable", message };
}

function unknown(why: string, namespace: string): Reach {
  const message = `Whether the webhook is reached cannot be proven: a dry run of ConfigMap ${namespace}/${WEBHOOK_PROOF_CONFIG_MAP} failed: ${why}.`;
  return { state: "unknown", message };
}

/** What is known after one more proof. Until enough of them have failed it stays as it was. */
export function afterProof(before: ProofHistory, proof: Proof, about: ProofSubject): ProofHistory {
  if (proof.result === "answered") return { reach: { state: "reachable" }, failures: 0 };
  const failures = before.failures + 1;
  if (failures < PROOF_FAILURES_IN_A_ROW) return { ...before, failures };
  const reach =
    proof.result === "unanswered" ? unreachable(about) : unknown(proof.why, about.namespace);
  return { reach, failures };
}
