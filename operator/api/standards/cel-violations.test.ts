/** The CEL twins against the rules, in a CEL library; test/e2e/standards.test.ts asks the API server the same. */
import { describe, expect, test } from "@jest/globals";
import { EXEMPT_CONTAINERS } from "./exempt-containers.ts";
import type { PodProbes } from "./pod-probes.ts";
import type { Standards } from "./rule.ts";
import { RULES } from "./rules.ts";
import { celSays, EVERY_STANDARD, EXAMPLES, podOf } from "./testing/examples.ts";
import { randomCase } from "./testing/random-probes.ts";
import { violations } from "./violations.ts";

const SEEDS = 1_000;
const sentences = (pod: PodProbes, standards: Standards) =>
  violations(pod, standards).map(({ sentence }) => sentence);

describe.each(EXAMPLES)("the example of $rule", ({ sentence, violating, corrected }) => {
  test("gets the same sentence from CEL, and none once corrected", () => {
    expect(celSays(podOf(violating), EVERY_STANDARD)).toStrictEqual([sentence]);
    expect(celSays(podOf(corrected), EVERY_STANDARD)).toStrictEqual([]);
  });
});

test("CEL and the rules say the same of a thousand pods, each rule met and missed many times", () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const { pod, standards } = randomCase(seed);
    expect({ seed, said: celSays(pod, standards) }).toStrictEqual({
      seed,
      said: sentences(pod, standards),
    });
    for (const rule of new Set(violations(pod, standards).map((found) => found.rule))) {
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
  }
  for (const { id } of RULES) {
    expect([id, counts.get(id)]).toStrictEqual([id, expect.any(Number)]);
    expect(counts.get(id)).toBeGreaterThan(SEEDS / 100);
    expect(counts.get(id)).toBeLessThan(SEEDS / 2);
  }
});

test("a container whose name the API server refuses is left out by both", () => {
  const pod = { containers: [{ name: "\u001b[2J" }, { name: "a".repeat(64) }, { name: "a" }] };
  expect(celSays(pod, EVERY_STANDARD)).toHaveLength(2);
  expect(celSays(pod, EVERY_STANDARD)).toStrictEqual(sentences(pod, EVERY_STANDARD));
});

test.each(EXEMPT_CONTAINERS)("a container called %s is left out by both", (name) => {
  const pod = { containers: [{ name }, { name: "a" }] };
  expect(celSays(pod, EVERY_STANDARD)).toHaveLength(2);
  expect(celSays(pod, EVERY_STANDARD)).toStrictEqual(sentences(pod, EVERY_STANDARD));
});
