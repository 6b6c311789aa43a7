import { expect, test } from "@jest/globals";
import { seededRandom } from "../../inject/testing/random.ts";
import { selectorMatches } from "../select-policy.ts";
import type { LabelSelector } from "../v1alpha1-selector.ts";
import { admit } from "./testing/admission.ts";

const KEYS = ["team", "env", "example.com/tier"];
const VALUES = ["shop", "dev", ""];
const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
const SEEDS = 500;

function randomSelector(seed: number): { selector: LabelSelector; labels: Record<string, string> } {
  const random = seededRandom(seed);
  const labels = Object.fromEntries(
    random.list(3, () => [random.pick(KEYS), random.pick(VALUES)] as const),
  );
  const matchLabels = Object.fromEntries(
    random.list(1, () => [random.pick(KEYS), random.pick(VALUES)] as const),
  );
  const matchExpressions = random.list(2, () => {
    const operator = random.pick(OPERATORS);
    const values = [random.pick(VALUES), random.pick(VALUES)];
    return { key: random.pick(KEYS), operator, ...(operator.endsWith("In") && { values }) };
  });
  return {
    labels,
    selector: {
      ...(random.chance(0.6) && { matchLabels }),
      ...(random.chance(0.8) && { matchExpressions }),
    },
  };
}

/** Whether a ClusterHealthPolicy with that selector warns in a namespace with those labels. */
function reaches(namespaceSelector: LabelSelector, labels?: Record<string, string>): boolean {
  const said = admit("Warn", {
    resource: "pods",
    operation: "CREATE",
    object: { metadata: {}, spec: { containers: [{ name: "web" }] } },
    params: {
      metadata: { name: "strict" },
      spec: {
        namespaceSelector,
        standards: { enforcement: "Warn", readinessProbe: { required: true } },
      },
    },
    ...(labels && { labels }),
  });
  return said.length > 0;
}

test("CEL reaches the namespaces that the operator counts, over random selectors and labels", () => {
  let reached = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const { selector, labels } = randomSelector(seed);
    const expected = selectorMatches(selector, labels);
    expect({ seed, reached: reaches(selector, labels) }).toStrictEqual({ seed, reached: expected });
    if (expected) reached += 1;
  }
  expect(reached).toBeGreaterThan(SEEDS / 5);
  expect(reached).toBeLessThan((SEEDS * 4) / 5);
});

test("a namespace without labels is reached by a selector that asks for none", () => {
  expect(reaches({})).toBe(true);
  expect(reaches({ matchLabels: { team: "shop" } })).toBe(false);
});
