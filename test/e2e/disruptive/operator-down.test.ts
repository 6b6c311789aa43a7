import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { noEndpoints } from "../harness/endpoints.ts";
import { expectReady, expectUnready } from "../harness/expect-readiness.ts";
import { kubectl } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, scaleOperator } from "../harness/operator.ts";
import { isInjected, type Pod } from "../harness/pods.ts";
import { rawConnectGives } from "../harness/raw-connect.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { waitUntil } from "../harness/wait-for.ts";
import {
  DEPENDENCY_RETURNS,
  STATUS_FOLLOWS,
  WEBHOOK_DOWN_CREATE,
  WHOLE_TEST,
} from "../timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/operator-down");
}, WHOLE_TEST);
afterAll(async () => {
  await scaleOperator(2);
  await scene?.close();
}, WHOLE_TEST);

async function createPod(name: string): Promise<{ pod: Pod; took: number }> {
  const begun = performance.now();
  const pod = await created(unscheduledPod(scene.namespace, name));
  return { pod, took: performance.now() - begun };
}

test(
  "without the operator pods are created unmodified and at once, and sidecars go on gating",
  async () => {
    expect(isInjected((await createPod("before")).pod)).toBe(true);
    await scaleOperator(0);
    await noEndpoints(OPERATOR_NAMESPACE, "healthpolicy-webhook");
    await kubectl(["get", "mutatingwebhookconfiguration", "healthpolicy"]);
    const { pod, took } = await createPod("meanwhile");
    expect(isInjected(pod)).toBe(false);
    expect(took).toBeLessThan(WEBHOOK_DOWN_CREATE);

    await scene.kubectl("delete", "pod", "before", "meanwhile", "--grace-period=0", "--force");
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await scene.kubectl(
      "rollout",
      "status",
      "deployment/orders-db",
      `--timeout=${DEPENDENCY_RETURNS}ms`,
    );
    await expectReady(scene, await rawConnectGives(database, "connected"));

    await scaleOperator(2);
    // kube-proxy learns of the new replicas a moment after they are ready.
    await waitUntil({ what: "a new pod to be injected again", within: STATUS_FOLLOWS }, async () =>
      isInjected((await createPod(`after-${Date.now()}`)).pod),
    );
  },
  WHOLE_TEST,
);
