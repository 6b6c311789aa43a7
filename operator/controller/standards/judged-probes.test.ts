import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

const long = "x".repeat(100_000);
const wide = (index: number) => ({
  name: `c${index}`,
  image: long,
  readinessProbe: { exec: { command: [`${index}${long}`] } },
  livenessProbe: { httpGet: { path: `/${long}`, httpHeaders: [{ name: "a", value: long }] } },
  startupProbe: { exec: { command: [long] } },
});

test("is small, whatever a pod holds", () => {
  const containers = Array.from({ length: 1_000 }, (_, index) => wide(index));
  const kept = judgedProbes({ containers, restartPolicy: "Always" });
  expect(kept.containers?.length).toBeGreaterThan(10);
  expect(JSON.stringify(kept).length).toBeLessThan(8_192);
});

test("containers with the same probes are kept once, and all kinds of 28 usual ones", () => {
  const probe = (path: string) => ({ httpGet: { path }, timeoutSeconds: 1, periodSeconds: 10 });
  const usual = (index: number) => ({
    name: `c${index}`,
    readinessProbe: probe(`/ready${index}`),
    livenessProbe: probe(`/live${index}`),
    startupProbe: probe("/start"),
  });
  const containers = Array.from({ length: 28 }, (_, index) => usual(index));
  const kept = judgedProbes({ containers: containers.flatMap((one) => [one, one]) });
  expect(kept.containers).toHaveLength(28);
});

test("keeps no hold of a path or query of which it keeps a part", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const heap = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const kept = Array.from({ length: 40 }, (_, index) => {
    const path = `/path-of-container-${index}${index % 2 ? "?" : ""}${"x".repeat(1_000_000)}`;
    const containers = [{ name: "web", livenessProbe: { httpGet: { path } } }];
    return judgedProbes(JSON.parse(JSON.stringify({ containers })));
  });
  expect(heap() - before).toBeLessThan(10_000_000);
  expect(kept).toHaveLength(40);
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

test.each([
  "no name",
  undefined,
  "istio-proxy",
  "linkerd-proxy",
  "consul-dataplane",
  "vault-agent",
])("a container called %s is left out, as the rules leave it out", (name) => {
  const other = { ...(name !== undefined && { name }), livenessProbe: {} };
  const containers = [other, { name: "web" }];
  expect(judgedProbes({ containers })).toStrictEqual({ containers: [{ name: "c" }] });
});
