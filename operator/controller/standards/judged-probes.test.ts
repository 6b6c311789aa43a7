import { expect, test } from "@jest/globals";
import type { PodProbes } from "../../api/standards/pod-probes.ts";
import type { Standards } from "../../api/standards/rule.ts";
import { EVERY_STANDARD, EXAMPLES, podOf } from "../../api/standards/testing/examples.ts";
import { randomCase } from "../../api/standards/testing/random-probes.ts";
import { violations } from "../../api/standards/violations.ts";
import { judgedProbes } from "./judged-probes.ts";

const rulesOf = (pod: PodProbes, standards: Standards) => [
  ...new Set(violations(pod, standards).map(({ rule }) => rule)),
];

test.each(EXAMPLES)(
  "the examples of $rule, as with the whole pod",
  ({ rule, violating, corrected }) => {
    expect(rulesOf(judgedProbes(podOf(violating)), EVERY_STANDARD)).toStrictEqual([rule]);
    expect(rulesOf(judgedProbes(podOf(corrected)), EVERY_STANDARD)).toStrictEqual([]);
  },
);

test("2,000 random pods violate the same rules as what is kept of them", () => {
  for (let seed = 0; seed < 2_000; seed += 1) {
    const { pod, standards } = randomCase(seed);
    expect({ seed, rules: rulesOf(judgedProbes(pod), standards) }).toStrictEqual({
      seed,
      rules: rulesOf(pod, standards),
    });
  }
});

test("is small, whatever a pod holds", () => {
  const long = "x".repeat(100_000);
  const container = (index: number) => ({
    name: `c${index}`,
    image: long,
    readinessProbe: { exec: { command: [long] } },
    livenessProbe: { httpGet: { path: `/${long}`, httpHeaders: [{ name: "a", value: long }] } },
    startupProbe: { exec: { command: [long] } },
  });
  const containers = Array.from({ length: 1_000 }, (_, index) => container(index));
  const kept = judgedProbes({ containers, restartPolicy: "Always" });
  expect(kept.containers).toHaveLength(256);
  expect(JSON.stringify(kept.containers?.[0]).length).toBeLessThan(500);
});

test("a forbidden path of the greatest length is still told from a longer one", () => {
  const forbidden = `/${"p".repeat(255)}`;
  const standards: Standards = {
    enforcement: "Audit",
    livenessProbe: { forbiddenPaths: [forbidden] },
  };
  const pod = (path: string) =>
    judgedProbes({ containers: [{ name: "web", livenessProbe: { httpGet: { path } } }] });
  expect(rulesOf(pod(`${forbidden}?deep=1`), standards)).toStrictEqual(["LivenessPathForbidden"]);
  expect(rulesOf(pod(forbidden.slice(1)), standards)).toStrictEqual(["LivenessPathForbidden"]);
  expect(rulesOf(pod(`${forbidden}p`), standards)).toStrictEqual([]);
});

test("a container whose name none can have and a mesh's proxy are left out, as the rules leave them out", () => {
  expect(
    judgedProbes({
      containers: [{ name: "no name" }, {}, { name: "istio-proxy" }, { name: "web" }],
    }),
  ).toStrictEqual({
    containers: [{ name: "c" }],
  });
});
