/** The API server's CEL against the operator's rules, over pods that nobody wrote. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Standards } from "../../operator/api/standards/rule.ts";
import { RULES } from "../../operator/api/standards/rules.ts";
import { randomCase } from "../../operator/api/standards/testing/random-probes.ts";
import { violations } from "../../operator/api/standards/violations.ts";
import { kubectl } from "./harness/kubectl.ts";
import { dryRun, enforce, reachedNamespace, release, standardsFor } from "./harness/standards.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAME = "e2e-standards-agree";
/** Each is a request; about every rule is violated ten times or more. */
const PODS = 100;

/** Values that the random times have too: what is just at a bound must not be said. */
const asked = {
  required: true,
  minTimeoutSeconds: 2,
  minExecTimeoutSeconds: 5,
  timeoutWithinPeriod: true,
  maxPeriodSeconds: 10,
  maxInitialDelaySeconds: 5,
};
const STANDARDS: Standards = {
  enforcement: "Warn",
  readinessProbe: asked,
  livenessProbe: {
    ...asked,
    differsFromReadiness: true,
    forbiddenPaths: ["/ready", "/health/db", "/alive"],
  },
};

/** A pod of one container, so that no request has more violations than are said; its name is in each sentence. */
function randomPod(seed: number) {
  const { containers = [], restartPolicy = "Always" } = randomCase(seed).pod;
  const [container] = containers;
  const named = { ...container, name: `c${seed}`, image: "registry.example.com/web:1" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `p${seed}` },
    spec: { containers: [named], restartPolicy },
  };
}

const pods = Array.from({ length: PODS }, (_, seed) => randomPod(seed));
const bare = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "bare" },
  spec: { containers: [{ name: "web", image: "registry.example.com/web:1" }] },
});

beforeAll(async () => {
  await reachedNamespace(NAME);
  await enforce(NAME, [standardsFor(NAME, NAME, STANDARDS)], bare);
}, WHOLE_TEST);
afterAll(async () => {
  await release(NAME);
  await kubectl(["delete", "namespace", NAME, "--wait=false"]);
}, KUBECTL);

test(
  `the API server says of ${PODS} pods what the operator counts`,
  async () => {
    const found = pods.flatMap(({ spec }) => violations(spec, STANDARDS));
    // Otherwise the two would agree on nothing.
    expect(new Set(found.map(({ rule }) => rule)).size).toBe(RULES.length);
    const list = { apiVersion: "v1", kind: "List", items: pods };
    expect(await dryRun(NAME, JSON.stringify(list))).toStrictEqual({
      warnings: found.map(({ sentence }) => `ClusterHealthPolicy ${NAME}: ${sentence}`),
      refusal: "",
    });
  },
  WHOLE_TEST,
);
