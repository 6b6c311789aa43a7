/** Which reviews are refused. */
import { describe, expect, test } from "@jest/globals";
import { admit } from "./admit.ts";
import { POD, setUp } from "./testing/admission.ts";
import { reviewOf } from "./testing/client.ts";

describe("400 is the answer to", () => {
  const review = reviewOf(POD);
  const pods = { group: "", version: "v1", kind: "Pod" };
  const withRequest = (request: Record<string, unknown>) => JSON.stringify(reviewOf(POD, request));
  test.each([
    ["nothing", "", "NotJson"],
    ["text", "AdmissionReview", "NotJson"],
    ["half a review", JSON.stringify(review).slice(0, -2), "NotJson"],
    ["brackets without end", "[".repeat(3_000_000), "TooComplex"],
    ["3 MiB of empty objects", `[${"{},".repeat(1_000_000)}{}]`, "TooComplex"],
    ["null", "null", "NotAnAdmissionReview"],
    ["a list", "[]", "NotAnAdmissionReview"],
    ["a pod", JSON.stringify(POD), "NotAnAdmissionReview"],
    [
      "v1beta1",
      JSON.stringify({ ...review, apiVersion: "admission.k8s.io/v1beta1" }),
      "NotAnAdmissionReview",
    ],
    ["another kind", JSON.stringify({ ...review, kind: "TokenReview" }), "NotAnAdmissionReview"],
    ["no request", JSON.stringify({ ...review, request: undefined }), "NoUid"],
    ["no uid", withRequest({ uid: undefined }), "NoUid"],
    ["an empty uid", withRequest({ uid: "" }), "NoUid"],
    ["a uid that is no text", withRequest({ uid: 1 }), "NoUid"],
    ["a uid of 65 characters", withRequest({ uid: "u".repeat(65) }), "UidTooLong"],
    ["an UPDATE", withRequest({ operation: "UPDATE" }), "NotAPodCreation"],
    ["a subresource", withRequest({ subResource: "eviction" }), "NotAPodCreation"],
    ["another resource", withRequest({ kind: { ...pods, kind: "Secret" } }), "NotAPodCreation"],
    ["another group's Pod", withRequest({ kind: { ...pods, group: "x" } }), "NotAPodCreation"],
    ["another version's Pod", withRequest({ kind: { ...pods, version: "v2" } }), "NotAPodCreation"],
    ["no namespace", withRequest({ namespace: undefined }), "NotAPodCreation"],
    ["what is no name of a namespace", withRequest({ namespace: "a\nb" }), "NotAPodCreation"],
    ["a namespace without end", withRequest({ namespace: "a".repeat(64) }), "NotAPodCreation"],
    ["no object", withRequest({ object: null }), "NotAPodCreation"],
  ])("%s", async (_, body, reason) => {
    const { options, counts } = setUp();
    const answer = admit(body, options);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toStrictEqual({ reason, message: expect.any(String) });
    expect(await counts()).toStrictEqual([`refused/${reason}=1`]);
  });
});
