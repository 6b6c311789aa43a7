/** Whatever a review holds, the pod is let in, and what is done to it can be done, and needs no second time. */
import { expect } from "@jest/globals";
import fc from "fast-check";
import { Registry } from "prom-client";
import { fuzz } from "../../test/fuzz/fuzz.ts";
import { strangeJson, strangeJsonText } from "../../test/fuzz/strange-json.ts";
import { testPolicy } from "../api/testing/policy.ts";
import type { Pod } from "../inject/pod.ts";
import { ours, withoutOurs, withPodResources } from "../inject/testing/injected-pod.ts";
import { randomLaterCall } from "../inject/testing/random-later-call.ts";
import { randomPod } from "../inject/testing/random-pod.ts";
import { type AdmitOptions, admit } from "./admit.ts";
import { webhookMetrics } from "./metrics.ts";
import type { Operation } from "./patch.ts";
import { REFUSALS } from "./review.ts";
import { applyPatch } from "./testing/apply-patch.ts";
import { reviewOf } from "./testing/client.ts";
import { testKnowledge } from "./testing/knowledge.ts";

/** A patch of 1 MiB in base64, and what is around it. */
const MAX_ANSWER_CHARACTERS = 1.5 * 1024 * 1024;

/** Errors of ours, as they were logged. */
const errors: object[] = [];

/** A policy that selects every pod, so that injection is reached; with the times of its probes raised, or not. */
function optionsOf(raises: boolean): AdmitOptions {
  const application = raises ? { application: { probes: "Align" as const } } : {};
  return {
    knowledge: testKnowledge({
      policies: () => [testPolicy({ selector: {}, ...application })],
      standards: () =>
        raises ? [{ enforcement: "Apply" as const, livenessProbe: { minTimeoutSeconds: 9 } }] : [],
    }),
    metrics: webhookMetrics(new Registry()),
    log: { info: () => undefined, error: (fields: object) => errors.push(fields) },
  };
}
const PLAIN = optionsOf(false);
const RAISING = optionsOf(true);

/** What an answer comes to; checks its form. */
function operationsOf(text: string, options: AdmitOptions): Operation[] | undefined {
  const { status, body } = admit(text, options);
  expect(body.length).toBeLessThan(MAX_ANSWER_CHARACTERS);
  const answer = JSON.parse(body);
  if (status === 400) {
    expect(REFUSALS).toContain(answer.reason);
    return undefined;
  }
  expect(status).toBe(200);
  const { allowed, warnings = [], patch = "W10=" } = answer.response;
  expect(allowed).toBe(true);
  expect(warnings.every((warning: unknown) => typeof warning === "string")).toBe(true);
  return JSON.parse(Buffer.from(patch, "base64").toString());
}

const pods = fc.nat(1_000_000).map((seed) => randomPod(seed));
/** Most of them are fit to be stored; in the others something is wrong. */
const laterPods = fc
  .tuple(pods, fc.nat(1_000_000))
  .map(([pod, seed]) => randomLaterCall(pod, seed));
const anyPods = fc.oneof({ arbitrary: pods, weight: 3 }, laterPods, strangeJson(pods));

fuzz("any text is refused as no review, or its pod is let in", {
  input: fc.tuple(strangeJsonText(anyPods.map((pod) => reviewOf(pod))), fc.boolean()),
  runs: 40,
  holds: ([text, raises]) => {
    operationsOf(text, raises ? RAISING : PLAIN);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  },
});

fuzz("any pod takes its patch, and a second call changes nothing", {
  input: fc.tuple(anyPods, fc.boolean()),
  runs: 40,
  holds: ([pod, raises]) => {
    const options = raises ? RAISING : PLAIN;
    // As it arrives: without what JSON cannot say.
    const before: unknown = JSON.parse(JSON.stringify(pod));
    const operations = operationsOf(JSON.stringify(reviewOf(before)), options) ?? [];
    const after = applyPatch(before, operations);
    expect(operationsOf(JSON.stringify(reviewOf(after)), options) ?? []).toEqual([]);
  },
});

fuzz("a pod that could be stored gets one sidecar, or loses it, and nothing else of it changes", {
  input: fc.oneof(pods, laterPods),
  runs: 40,
  holds: (pod) => {
    errors.length = 0;
    const before: Pod = JSON.parse(JSON.stringify(pod));
    const operations = operationsOf(JSON.stringify(reviewOf(before)), PLAIN) ?? [];
    const after = applyPatch(before, operations) as Pod;
    expect(errors).toEqual([]);
    if (operations.length === 0) return;
    expect(withoutOurs(after)).toStrictEqual(withoutOurs(withPodResources(before, after)));
    const [sidecar, ...others] = ours(after);
    expect(others).toEqual([]);
    if (!sidecar) {
      expect(ours(before)).not.toEqual([]);
      return;
    }
    expect(sidecar).toMatchObject({ restartPolicy: "Always" });
    expect(sidecar.securityContext).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    });
    expect(sidecar.securityContext).not.toHaveProperty("privileged");
    for (const field of ["command", "args", "envFrom", "lifecycle"]) {
      expect(sidecar).not.toHaveProperty(field);
    }
  },
});
