/** Whatever is sent, it is answered: a crash here would admit every pod without its sidecar. */
import { describe, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { testPolicy } from "../api/testing/policy.ts";
import { type Random, seededRandom } from "../inject/testing/random.ts";
import { randomPod } from "../inject/testing/random-pod.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { admit } from "./admit.ts";
import { webhookMetrics } from "./metrics.ts";
import { reviewOf } from "./testing/client.ts";

const REVIEWS = 3_000;

const options = {
  // Selects every pod, so that injection is reached.
  knowledge: {
    policies: () => [testPolicy({ selector: {}, application: { probes: "Align" } })],
    settings: SETTINGS,
    heldBack: () => undefined,
    service: () => undefined,
    namespaceOptedOut: () => false,
    standards: () => [{ enforcement: "Apply" as const, livenessProbe: { minTimeoutSeconds: 9 } }],
    namespaceAnnotations: () => ({}),
    ownNamespace: "healthpolicy-system",
  },
  metrics: webhookMetrics(new Registry()),
  log: { info: jest.fn(), error: jest.fn() },
};

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  "",
  "text",
  [],
  [null],
  [[]],
  {},
  { name: null },
  { length: 3 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
];

/** Puts something strange somewhere into `value`. */
function disturb(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.15)) {
    return random.pick(STRANGE);
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(STRANGE);
  const key = random.pick(keys);
  const child = disturb((value as Record<string, unknown>)[key], random);
  return Array.isArray(value) ? value.with(Number(key), child) : { ...value, [key]: child };
}

/** Cuts out, doubles or exchanges some of the characters. */
function disturbText(text: string, random: Random): string {
  const at = random.below(text.length);
  const end = at + random.below(20);
  return text.slice(0, at) + random.pick(["", '"', "{", "\\", "\u0000"]) + text.slice(end);
}

/** A review in which some things are wrong, most often in the pod. */
function strangeReview(seed: number): string {
  const random = seededRandom(seed);
  let pod: unknown = randomPod(seed);
  for (const _ of Array(random.below(4))) pod = disturb(pod, random);
  const review = reviewOf(pod);
  const text = JSON.stringify(random.chance(0.2) ? disturb(review, random) : review);
  return random.chance(0.2) ? disturbText(text, random) : text;
}

test("every strange review is refused or allowed", () => {
  const answers = { 200: 0, 400: 0, patched: 0 };
  for (let seed = 0; seed < REVIEWS; seed++) {
    const { status, body } = admit(strangeReview(seed), options);
    const answer = JSON.parse(body);
    if (status === 400) expect(answer).toMatchObject({ reason: expect.any(String) });
    else expect({ seed, ...answer.response }).toMatchObject({ seed, allowed: true });
    answers[status as 200 | 400]++;
    if (answer.response?.patch) answers.patched++;
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Math.min(...Object.values(answers))).toBeGreaterThan(REVIEWS / 20);
  expect(options.log.error).toHaveBeenCalled();
});

describe("nesting without end", () => {
  const DEPTH = 200_000;
  const nest = (open: string, close: string) => `${open.repeat(DEPTH)}1${close.repeat(DEPTH)}`;
  const around = (place: string, deep: string) =>
    JSON.stringify(reviewOf({ metadata: {}, spec: { containers: [{ name: "app" }] } })).replace(
      place,
      `"deep":${deep},${place}`,
    );

  test.each([
    ["of lists beside the review", around('"apiVersion"', nest("[", "]"))],
    ["of lists in the pod", around('"metadata"', nest("[", "]"))],
    ["of objects in the pod's spec", around('"containers"', nest('{"a":', "}"))],
    ["of lists in a container", around('"name":"app"', nest("[", "]"))],
  ])("%s is refused", (_, text) => {
    const { status, body } = admit(text, options);
    expect(status).toBe(400);
    expect(JSON.parse(body).reason).toBe("TooComplex");
  });
});
