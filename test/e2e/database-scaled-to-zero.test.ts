import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { noEndpoints } from "./harness/endpoints.ts";
import { expectReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("database-scaled-to-zero");
}, WHOLE_TEST);
afterAll(() => scene?.close());

test("the default times promise 16 s to unready and 11 s to ready", () => {
  expect(scene.policy.status?.bounds).toStrictEqual({ unreadyWithin: "16s", readyWithin: "11s" });
  expect(promised(scene, "unreadyWithin")).toBe(16_000);
});

test(
  "pods leave the Service while the database has no endpoints, and come back with it",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await noEndpoints(scene.namespace, "orders-db");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await scene.kubectl("rollout", "status", "deployment/orders-db", "--timeout=25s");
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
