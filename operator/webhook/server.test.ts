/** The webhook over real TLS, as an API server calls it. */
import { afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { ADMISSION_PATH, POLICY_ANNOTATION, SIDECAR_CONTAINER } from "../api/names.ts";
import { SETTINGS, testPolicy } from "../inject/testing/policy.ts";
import { startWebhook, type Webhook, type WebhookOptions } from "./server.ts";
import { testCertificate } from "./testing/certificate.ts";
import { call, postReview, reviewOf } from "./testing/client.ts";

type TestCertificate = Awaited<ReturnType<typeof testCertificate>>;

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await testCertificate(1);
});

let running: Webhook | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(options: Partial<WebhookOptions> = {}) {
  const metrics = new Registry();
  const log = { info: jest.fn(), error: jest.fn() };
  running = await startWebhook({
    port: 0,
    certificate,
    policies: () => [testPolicy()],
    settings: SETTINGS,
    metrics,
    log,
    ownNamespace: "healthpolicy-system",
    drainMilliseconds: 0,
    ...options,
  });
  const target = { port: running.port, ca: certificate.ca };
  const count = async (result: string, reason: string) => {
    const { values } = (await metrics.getSingleMetric("healthpolicy_injections_total")?.get()) ?? {
      values: [],
    };
    const found = values.find(({ labels }) => labels.result === result && labels.reason === reason);
    return found?.value ?? 0;
  };
  return { webhook: running, target, log, count };
}

const POD = {
  metadata: { generateName: "web-", labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app:1" }] },
};

describe("a review", () => {
  test("of a pod that a policy selects is answered with one patch", async () => {
    const { target, count } = await start();
    const { response, pod } = await postReview(target, reviewOf(POD));
    expect(response).toMatchObject({ uid: "review-1", allowed: true, patchType: "JSONPatch" });
    expect(response.warnings).toBeUndefined();
    expect(pod).toMatchObject({
      metadata: { annotations: { [POLICY_ANNOTATION]: "web" } },
      spec: { initContainers: [{ name: SIDECAR_CONTAINER, image: SETTINGS.image }] },
    });
    expect(await count("injected", "")).toBe(1);
  });

  test("of a pod that no policy selects is answered without a patch", async () => {
    const { target, count } = await start();
    const other = { ...POD, metadata: { labels: { app: "other" } } };
    const { response } = await postReview(target, reviewOf(other));
    expect(response).toStrictEqual({ uid: "review-1", allowed: true });
    expect(await count("skipped", "NoMatchingPolicy")).toBe(1);
  });

  test("is refused at an unknown path", async () => {
    const { target } = await start();
    const answer = await call(target, { path: `${ADMISSION_PATH}/x`, method: "POST", body: "{}" });
    expect(answer.status).toBe(404);
  });
});
