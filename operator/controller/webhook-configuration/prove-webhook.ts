/** Proves again and again that pods get their sidecar through an API server, and remembers what it showed. */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { KubeClient } from "../kube/kube-client.ts";
import { whyFailed } from "../kube/why-failed.ts";
import { sendProof } from "./send-proof.ts";
import {
  afterProof,
  NOT_PROVEN_YET,
  PROOF_INTERVAL_MILLISECONDS,
  PROOF_RETRY_MILLISECONDS,
  type Proof,
  type ProofHistory,
  type ProofTarget,
  type Reach,
} from "./webhook-proof.ts";

const FIELD_MANAGER = "healthpolicy-webhook-proof";

/** What proofs need. */
export interface WebhookProverOptions {
  client: KubeClient;
  target: ProofTarget;
  /** Why the last write of the configuration has failed; undefined where it has not. */
  whyUnwritten: () => string | undefined;
  /** The first proof in a row that came back unanswered: the configuration may be gone. */
  onFirstUnanswered: () => void;
  /** What is known has changed. */
  onChange: () => void;
  log: Pick<Logger, "info" | "warn" | "error">;
}

/** Proves, and tells what is known. */
export interface WebhookProver {
  /** One proof; resolves with the milliseconds until the next. Never rejects. */
  prove(): Promise<number>;
  reach(): Reach;
  /**
   * Tries once more, beside the proofs and without counting as one: whether it answers at this moment. Never rejects.
   */
  answers(): Promise<boolean>;
}

/** A prover that has proven nothing yet. */
export function createWebhookProver(options: WebhookProverOptions): WebhookProver {
  const { client, target, log } = options;
  let history: ProofHistory = NOT_PROVEN_YET;

  async function send(): Promise<Proof> {
    try {
      return await sendProof(client, target.namespace, FIELD_MANAGER);
    } catch (error) {
      return { result: "failed", why: whyFailed(error) };
    }
  }

  function tellChange(reach: Reach, proof: Proof): void {
    if (reach.state === "unreachable") log.error(reach.message);
    else if (reach.state === "unknown") log.warn(reach.message);
    else log.info(proof, "an API server reaches the webhook");
    options.onChange();
  }

  return {
    prove: async () => {
      const before = history;
      const proof = await send();
      history = afterProof(before, proof, { ...target, unwritten: options.whyUnwritten() });
      if (before.failures === 0 && proof.result !== "answered") {
        log.warn(proof, "the webhook is not proven to be reached; trying again");
        if (proof.result === "unanswered") options.onFirstUnanswered();
      }
      if (!isDeepStrictEqual(before.reach, history.reach)) tellChange(history.reach, proof);
      return proof.result === "answered" ? PROOF_INTERVAL_MILLISECONDS : PROOF_RETRY_MILLISECONDS;
    },
    reach: () => history.reach,
    answers: async () => (await send()).result === "answered",
  };
}
