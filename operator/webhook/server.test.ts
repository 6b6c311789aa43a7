/** The webhook over real TLS, as an API server calls it. */
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  ADMISSION_PATH,
  POLICIES_PATH,
  POLICY_ANNOTATION,
  PROOF_PATH,
  SIDECAR_CONTAINER,
} from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import type { WebhookOptions } from "./server.ts";
import { call, postReview, reviewOf } from "./testing/client.ts";
import { POD, post, runningWebhooks } from "./testing/running-webhooks.ts";

const { start, keptOpen, close } = runningWebhooks();
afterEach(close);

describe("a request", () => {
  test("with a pod that a policy selects is answered with one patch", async () => {
    const { target, metrics } = await start();
    const { response, pod } = await postReview(target, reviewOf(POD));
    expect(response).toStrictEqual({
      uid: "review-1",
      allowed: true,
      patchType: "JSONPatch",
      patch: expect.any(String),
    });
    expect(pod).toMatchObject({
      metadata: { annotations: { [POLICY_ANNOTATION]: "web" } },
      spec: { initContainers: [{ name: SIDECAR_CONTAINER, image: SETTINGS.image }] },
    });
    expect(await metrics.metrics()).toContain(
      'healthpolicy_injections_total{result="injected",reason=""} 1',
    );
  });

  test("with what is no review is answered 400, with a reason", async () => {
    const { target } = await start();
    const { status, text, headers } = await post(target, '{"kind":"Pod"}');
    expect(status).toBe(400);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(text)).toStrictEqual({
      reason: "NotAnAdmissionReview",
      message: "the body is not an AdmissionReview of admission.k8s.io/v1",
    });
  });

  test("with a body of 10 MB is answered 413", async () => {
    const { target, metrics } = await start();
    const { status, text } = await post(target, "x".repeat(10_000_000));
    expect(status).toBe(413);
    expect(JSON.parse(text).reason).toBe("TooLarge");
    expect(await metrics.metrics()).toContain('{result="refused",reason="TooLarge"} 1');
  });

  test("with a pod of 1.5 MiB is answered like any other", async () => {
    const { target } = await start();
    const env = [{ name: "BIG", value: "x".repeat(1.5 * 1024 * 1024) }];
    const pod = { ...POD, spec: { containers: [{ name: "app", image: "app:1", env }] } };
    expect((await postReview(target, reviewOf(pod))).response.patch).toBeDefined();
  });

  test.each([
    ["of another content type", "POST", ADMISSION_PATH, { "Content-Type": "text/yaml" }, 415],
    [
      "with parameters to its content type",
      "POST",
      ADMISSION_PATH,
      { "Content-Type": "application/json; charset=utf-8" },
      400,
    ],
    ["in chunks", "POST", ADMISSION_PATH, { "Transfer-Encoding": "chunked" }, 411],
    ["by GET", "GET", ADMISSION_PATH, {}, 405],
    ["to another path", "POST", `${ADMISSION_PATH}/x`, {}, 404],
    ["to the root", "GET", "/", {}, 404],
    ["for a policy by POST", "POST", `${POLICIES_PATH}/shop/web`, {}, 404],
    ["that expects the unknown", "POST", ADMISSION_PATH, { Expect: "more" }, 417],
  ])("%s is answered %s %s %j %i, and its connection ends", async (...row) => {
    const [, method, path, headers, status] = row;
    const { target } = await start();
    const answer = await call(keptOpen(target), {
      path,
      method,
      headers: headers as Record<string, string>,
    });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toHaveProperty("reason");
    expect(answer.headers.connection).toBe("close");
  });

  test("for a policy ends its connection, a review keeps it", async () => {
    const { target } = await start();
    const policy = await call(keptOpen(target), { path: `${POLICIES_PATH}/shop/web` });
    expect([policy.status, policy.headers.connection]).toStrictEqual([200, "close"]);
    const path = `${ADMISSION_PATH}?timeout=3s`;
    const body = JSON.stringify(reviewOf(POD));
    const review = await call(keptOpen(target), { path, method: "POST", body });
    expect([review.status, review.headers.connection]).toStrictEqual([200, "keep-alive"]);
  });

  test("for the proof is answered with the pod's name, counts as no injection, ends its connection", async () => {
    const { target, metrics } = await start();
    const open = keptOpen(target);
    const name = "healthpolicy-webhook-proof";
    const annotations = { "healthpolicy.dev/challenge": "challenge-1" };
    const kind = { group: "", version: "v1", kind: "ConfigMap" };
    const review = reviewOf(
      { metadata: { name, annotations } },
      { kind, namespace: "healthpolicy-system" },
    );
    const body = JSON.stringify(review);
    const { status, text, headers } = await call(open, { path: PROOF_PATH, method: "POST", body });
    expect(status).toBe(200);
    const patch = Buffer.from(JSON.parse(text).response.patch, "base64").toString();
    expect(patch).toContain("operator-1 challenge-1");
    expect(headers.connection).toBe("close");
    expect(await metrics.metrics()).not.toContain("healthpolicy_injections_total{");
  });

  test("for the proof never changes a pod", async () => {
    const { target } = await start();
    const body = JSON.stringify(reviewOf(POD));
    const { text } = await call(target, { path: PROOF_PATH, method: "POST", body });
    expect(JSON.parse(text).response).toStrictEqual({ uid: "review-1", allowed: true });
  });

  test("that an error of ours meets is answered like one without a policy", async () => {
    const policies = () => {
      throw new Error("broken");
    };
    const { target, log } = await start({ policies });
    const { response } = await postReview(target, reviewOf(POD));
    expect(response).toMatchObject({ allowed: true, warnings: [expect.any(String)] });
    expect(response.patch).toBeUndefined();
    expect(log.error).toHaveBeenCalledTimes(1);
  });
});

test("idle connections are kept longer than an API server keeps them, which is 90 s", async () => {
  const { target } = await start();
  const { headers } = await post(keptOpen(target), JSON.stringify(reviewOf(POD)));
  expect(Number(/^timeout=(\d+)$/.exec(String(headers["keep-alive"]))?.[1])).toBeGreaterThan(90);
});

describe("the generation of a policy", () => {
  test.each<[string, Partial<WebhookOptions>, string, number, object]>([
    ["is told from the cache", {}, "/shop/web", 200, { generation: 3, uid: testPolicy().uid }],
    ["is 404 for a policy that is not there", {}, "/shop/other", 404, { reason: "NotFound" }],
    ["is 404 without a name", {}, "/shop", 404, { reason: "NotFound" }],
    [
      "is 404 in another namespace",
      { policies: (namespace) => (namespace === "shop" ? [testPolicy()] : []) },
      "/other/web",
      404,
      { reason: "NotFound" },
    ],
    [
      "is 404 while pods must not follow it",
      { heldBack: () => "ConfigMapNotOurs" },
      "/shop/web",
      404,
      { reason: "ConfigMapNotOurs" },
    ],
    [
      "is 503 before the cache is filled",
      { policies: () => undefined },
      "/shop/web",
      503,
      { reason: "CacheNotSynced" },
    ],
  ])("%s", async (_, options, path, status, body) => {
    const { target } = await start(options);
    const answer = await call(target, { path: `${POLICIES_PATH}${path}` });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject(body);
  });
});

test("a port that is taken is told", async () => {
  const { webhook } = await start();
  await expect(start({ port: webhook.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
