import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { noEndpoints } from "../harness/endpoints.ts";
import { expectReady, expectUnready } from "../harness/expect-readiness.ts";
import { kubectl } from "../harness/kubectl.ts";
import {
  OPERATOR_NAMESPACE,
  OPERATOR_SELECTOR,
  operatorPods,
  scaleOperator,
} from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { isInjected, isReady, type Pod, standing } from "../harness/pods.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { rawConnectGives } from "../harness/raw-connect.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { smallPod } from "../harness/small-pod.ts";
import { waitUntil } from "../harness/wait-for.ts";
import {
  DEPENDENCY_RETURNS,
  ENDPOINT_GONE,
  OPERATOR_ROLLOUT,
  POD_STARTS,
  STATUS_FOLLOWS,
  WEBHOOK_DOWN_CREATE,
  WHOLE_TEST,
} from "../timeouts.ts";

/** Of pods that never run, or they would be counted among the app's. */
const OTHER = "e2e-operator-down-created";

let scene: Scene;
beforeAll(async () => {
  await openPolicyNamespace(OTHER, "disruptive/leader-gone.yaml");
  scene = await openScene("disruptive/operator-down");
}, WHOLE_TEST);
afterAll(async () => {
  await scaleOperator(2);
  await kubectl(["delete", "namespace", OTHER, "--wait=false"]);
  await scene?.close();
}, WHOLE_TEST);

/** Creates a pod that runs, and waits until it is ready. */
async function startPod(name: string): Promise<Pod> {
  const pod = await created(smallPod(scene.namespace, name));
  const ready = ["--for=condition=Ready", `--timeout=${POD_STARTS}ms`];
  await kubectl(["wait", "pod", name, "-n", scene.namespace, ...ready], { timeout: POD_STARTS });
  return pod;
}

/** Edits the policy's interval. */
async function editPolicy(interval: string): Promise<void> {
  const patch = JSON.stringify({ spec: { timing: { interval } } });
  await scene.kubectl("patch", "healthpolicy", "web", "--type=merge", "-p", patch);
}

const createPod = podMaker(OTHER);
const apps = () => standing(scene.namespace, "app=web");

test(
  "without the operator pods are created unmodified and at once, and sidecars go on gating",
  async () => {
    expect((await createPod()).injected).toBe(true);
    await scaleOperator(0);
    await noEndpoints(OPERATOR_NAMESPACE, "healthpolicy-webhook");
    await kubectl(["get", "mutatingwebhookconfiguration", "healthpolicy"]);
    const { injected, took } = await createPod();
    expect(injected).toBe(false);
    expect(took).toBeLessThan(WEBHOOK_DOWN_CREATE);
    expect(isInjected(await startPod("meanwhile"))).toBe(false);
    await scene.kubectl("delete", "pod", "meanwhile", "--grace-period=0", "--force");

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

    await editPolicy("4s");
    await scaleOperator(2);
    await policyProgrammed(scene.namespace, "web");
    // kube-proxy learns of the new replicas a moment after they are ready.
    await waitUntil(
      { what: "a new pod to be injected again", within: STATUS_FOLLOWS },
      async () => (await createPod()).injected,
    );
  },
  WHOLE_TEST,
);

test(
  "all replicas that vanish at once are replaced by themselves: pods are created, and injected again after that",
  async () => {
    const before = await apps();
    const made = await podsDuring(createPod, async () => {
      const old = new Set((await operatorPods()).map((pod) => pod.metadata.uid));
      const all = ["-n", OPERATOR_NAMESPACE, "-l", OPERATOR_SELECTOR];
      await kubectl(["delete", "pods", ...all, "--grace-period=0", "--force"]);
      await waitUntil({ what: "two other replicas", within: OPERATOR_ROLLOUT }, async () => {
        const now = await operatorPods();
        return now.length === 2 && now.every((pod) => isReady(pod) && !old.has(pod.metadata.uid));
      });
      await sleep(ENDPOINT_GONE);
    });
    const lastMissed = made.findLastIndex(({ injected }) => !injected);
    console.log(`${made.filter(({ injected }) => !injected).length} of ${made.length} pods missed`);
    // There was a time without any replica, and it is over.
    expect(lastMissed).toBeGreaterThan(-1);
    expect(made.length - lastMissed).toBeGreaterThan(5);
    expect(await apps()).toStrictEqual(before);
    await scene.twinUntouched();
  },
  WHOLE_TEST,
);
