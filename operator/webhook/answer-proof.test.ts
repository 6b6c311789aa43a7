/** The annotation that proves that a review got here. */
import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
import { answerProof } from "./answer-proof.ts";
import { applyPatch } from "./testing/apply-patch.ts";
import { reviewOf } from "./testing/client.ts";

const SIGNER = { podName: "operator-1", ownNamespace: "system" };
const CONFIG_MAP = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "healthpolicy-webhook-proof",
    namespace: "system",
    labels: { "healthpolicy.dev/webhook-proof": "true" },
    annotations: { "healthpolicy.dev/challenge": "challenge-1" },
  },
};

function review(object: unknown, request: Record<string, unknown> = {}): string {
  const kind = { group: "", version: "v1", kind: "ConfigMap" };
  return JSON.stringify(reviewOf(object, { kind, namespace: "system", dryRun: true, ...request }));
}

function response(object: unknown, request: Record<string, unknown> = {}) {
  const { status, body } = answerProof(review(object, request), SIGNER);
  expect(status).toBe(200);
  return JSON.parse(body).response;
}

function withMetadata(metadata: Record<string, unknown>) {
  return { ...CONFIG_MAP, metadata: { ...CONFIG_MAP.metadata, ...metadata } };
}

describe.each(["CREATE", "UPDATE"])("%s of the ConfigMap", (operation) => {
  test("gets an annotation with the pod that answers and the challenge, and with nothing else", () => {
    const answer = response(CONFIG_MAP, { operation });
    expect(answer).toMatchObject({ uid: "review-1", allowed: true });
    const operations = JSON.parse(Buffer.from(answer.patch, "base64").toString());
    expect(applyPatch(CONFIG_MAP, operations)).toStrictEqual(
      withMetadata({
        annotations: {
          "healthpolicy.dev/challenge": "challenge-1",
          "healthpolicy.dev/answered-by": "operator-1 challenge-1",
        },
      }),
    );
  });

  test("that carries the annotation of another answer gets its own", () => {
    const annotations = {
      ...CONFIG_MAP.metadata.annotations,
      "healthpolicy.dev/answered-by": "operator-0 challenge-0",
    };
    const { patch } = response(withMetadata({ annotations }), { operation });
    expect(Buffer.from(patch, "base64").toString()).toContain("operator-1 challenge-1");
  });
});

describe("allowed, and left as it is:", () => {
  const pod = { group: "", version: "v1", kind: "Pod" };
  test.each<[string, unknown, Record<string, unknown>]>([
    ["a pod", CONFIG_MAP, { kind: pod }],
    [
      "a pod that a policy selects",
      {
        metadata: { name: "web", labels: testPolicy().selector.matchLabels },
        spec: { containers: [{ name: "app", image: "app:1" }] },
      },
      { kind: pod, namespace: "shop" },
    ],
    ["another group's ConfigMap", CONFIG_MAP, { kind: { group: "x", kind: "ConfigMap" } }],
    ["another namespace's ConfigMap", CONFIG_MAP, { namespace: "shop" }],
    ["a ConfigMap of another name", withMetadata({ name: "other" }), {}],
    ["one without a challenge", withMetadata({ annotations: {} }), {}],
    ["one without annotations", withMetadata({ annotations: undefined }), {}],
    [
      "one whose challenge is longer than ours",
      withMetadata({ annotations: { "healthpolicy.dev/challenge": "x".repeat(65) } }),
      {},
    ],
    [
      "one whose challenge is no text",
      withMetadata({ annotations: { "healthpolicy.dev/challenge": 1 } }),
      {},
    ],
    ["no object", null, {}],
    ["an object without metadata", {}, {}],
    ["no kind", CONFIG_MAP, { kind: undefined }],
  ])("%s", (_, object, request) => {
    expect(response(object, request)).toStrictEqual({ uid: "review-1", allowed: true });
  });
});

test.each([
  ["nothing", ""],
  ["text", "AdmissionReview"],
  ["no review", "{}"],
  ["no uid", review(CONFIG_MAP, { uid: undefined })],
])("400 is the answer to %s", (_, text) => {
  expect(answerProof(text, SIGNER).status).toBe(400);
});
