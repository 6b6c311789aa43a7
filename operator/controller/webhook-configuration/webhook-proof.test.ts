/** What follows from the answers to the proofs. */
import { describe, expect, test } from "@jest/globals";
import {
  afterProof,
  NOT_PROVEN_YET,
  PROOF_FAILURES_IN_A_ROW,
  PROOF_INTERVAL_MILLISECONDS,
  PROOF_RETRY_MILLISECONDS,
  type Proof,
  type ProofHistory,
  proofConfigMap,
  readProof,
} from "./webhook-proof.ts";

const TARGET = { namespace: "system", port: 9443 };
const ANSWERED: Proof = { result: "answered", replica: "operator-1" };
const UNANSWERED: Proof = { result: "unanswered" };
const FAILED: Proof = { result: "failed", why: "the API server gave no answer" };

function known(...proofs: Proof[]): ProofHistory {
  return proofs.reduce((history, proof) => afterProof(history, proof, TARGET), NOT_PROVEN_YET);
}

const state = (...proofs: Proof[]) => known(...proofs).reach.state;

test("the longest way to a word on it, with the longest timeout of the webhook, is below a minute", () => {
  const longestTimeout = 5_000;
  const longest =
    PROOF_INTERVAL_MILLISECONDS +
    PROOF_FAILURES_IN_A_ROW * longestTimeout +
    (PROOF_FAILURES_IN_A_ROW - 1) * PROOF_RETRY_MILLISECONDS;
  expect(longest).toBeLessThan(55_000);
});

describe("what is known", () => {
  test("one answer is enough, whichever replica it is from", () => {
    expect(state()).toBe("unknown");
    expect(state(ANSWERED)).toBe("reachable");
    expect(known(ANSWERED, { result: "answered", replica: "operator-2" })).toStrictEqual(
      known(ANSWERED),
    );
  });

  test("two lost proofs say nothing, three in a row do", () => {
    expect(state(ANSWERED, UNANSWERED, UNANSWERED)).toBe("reachable");
    expect(state(ANSWERED, UNANSWERED, UNANSWERED, UNANSWERED)).toBe("unreachable");
    expect(state(ANSWERED, UNANSWERED, UNANSWERED, ANSWERED, UNANSWERED, UNANSWERED)).toBe(
      "reachable",
    );
    expect(state(UNANSWERED, UNANSWERED)).toBe("unknown");
    expect(state(UNANSWERED, UNANSWERED, UNANSWERED)).toBe("unreachable");
  });

  test("it comes back with the first answer", () => {
    expect(state(UNANSWERED, UNANSWERED, UNANSWERED, UNANSWERED, ANSWERED)).toBe("reachable");
  });

  test("an API server that carries out no dry run says nothing about the webhook", () => {
    expect(state(ANSWERED, FAILED, FAILED)).toBe("reachable");
    const { reach } = known(ANSWERED, FAILED, FAILED, FAILED);
    expect(reach).toStrictEqual({
      state: "unknown",
      message:
        "Whether the webhook is reached cannot be proven: a dry run of ConfigMap system/healthpolicy-webhook-proof failed: the API server gave no answer.",
    });
  });

  test("unreachable names all that is to be looked at, in the same words each time", () => {
    const { reach } = known(UNANSWERED, UNANSWERED, UNANSWERED);
    expect(known(UNANSWERED, UNANSWERED, UNANSWERED, UNANSWERED).reach).toStrictEqual(reach);
    expect(reach).toStrictEqual({
      state: "unreachable",
      message:
        "The API server gets no answer from the operator's webhook, so new pods start without the sidecar. Look at the firewall between API servers and port 9443 of the operator's pods, at NetworkPolicies in namespace system, and whether something deletes or changes MutatingWebhookConfiguration healthpolicy.",
    });
  });
});

test("what is sent: the one ConfigMap that the webhook marks, with the challenge", () => {
  expect(proofConfigMap("system", "c1")).toStrictEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "healthpolicy-webhook-proof",
      namespace: "system",
      labels: { "healthpolicy.dev/webhook-proof": "true" },
      annotations: { "healthpolicy.dev/challenge": "c1" },
    },
  });
});

describe("an answer", () => {
  const answer = (answeredBy?: unknown) => ({
    metadata: { annotations: { "healthpolicy.dev/answered-by": answeredBy } },
  });

  test("with the annotation for this challenge names the replica", () => {
    expect(readProof(answer("operator-1 c1"), "c1")).toStrictEqual(ANSWERED);
  });

  test.each<[string, unknown]>([
    ["without the annotation", answer()],
    ["with the annotation for another challenge, which somebody stored", answer("operator-1 c0")],
    ["with a name alone", answer("operator-1")],
    ["with an empty annotation", answer("")],
    ["with an annotation that is no text", answer({})],
    ["without annotations", { metadata: {} }],
    ["without metadata", {}],
    ["that is empty", null],
  ])("%s proves nothing", (_, body) => {
    expect(readProof(body, "c1")).toStrictEqual(UNANSWERED);
  });
});
