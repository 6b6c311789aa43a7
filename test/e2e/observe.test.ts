import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { METRICS_PATH } from "../../operator/api/names.ts";
import { expectStaysReady, promised } from "./harness/expect-readiness.ts";
import { askSidecar } from "./harness/pods.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("observe");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const gauge =
  'healthpolicy_dependency_up{dependency="orders-db",type="postgresql",impact="Observe"}';

test(
  "an observed dependency that is down is reported and leaves the pods ready",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    // The pods did not wait for it, so it may come up after them.
    await waitUntil({ what: "the database to be up", within: POD_STARTS }, async () => {
      const metrics = (await scene.appPods()).map((pod) => askSidecar(pod, METRICS_PATH));
      return (await Promise.all(metrics)).every((text) => text.includes(`${gauge} 1`));
    });

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    await rawConnectGives(database, "refused");
    const failure = { dependency: "orders-db", reason: "ConnectionRefused" };
    await expectStaysReady(scene, failure, promised(scene, "unreadyWithin"));
    for (const pod of await scene.appPods()) {
      expect(await askSidecar(pod, METRICS_PATH)).toContain(`${gauge} 0`);
    }
  },
  WHOLE_TEST,
);
