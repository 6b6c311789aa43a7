/** For tests: the webhook's answers to reviews, what it logs and what it counts. */
import { expect, jest } from "@jest/globals";
import { Registry } from "prom-client";
import { admit } from "../admit.ts";
import type { Knowledge } from "../decide-admission.ts";
import { webhookMetrics } from "../metrics.ts";
import { reviewOf } from "./client.ts";
import { testKnowledge } from "./knowledge.ts";

/** A pod that the policy selects. */
export const POD = {
  metadata: { generateName: "web-", labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app:1" }] },
};

/** A webhook that knows one policy, unless `knowledge` says otherwise. */
export function setUp(knowledge: Partial<Knowledge> = {}) {
  const registry = new Registry();
  const log = { info: jest.fn(), error: jest.fn() };
  const options = {
    knowledge: testKnowledge(knowledge),
    metrics: webhookMetrics(registry),
    log,
  };
  const answer = (pod: unknown, request: Record<string, unknown> = {}) => {
    const { status, body } = admit(JSON.stringify(reviewOf(pod, request)), options);
    expect(status).toBe(200);
    return JSON.parse(body).response;
  };
  const counts = async () => {
    const metric = await registry.getSingleMetric("healthpolicy_injections_total")?.get();
    return metric?.values.map(({ value, labels }) => `${labels.result}/${labels.reason}=${value}`);
  };
  return { options, registry, log, answer, counts };
}
