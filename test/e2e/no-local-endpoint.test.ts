import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alsoOnSecondNode, THERE } from "./harness/also-on-second-node.ts";
import { promised } from "./harness/expect-readiness.ts";
import { SECOND_NODE } from "./harness/node.ts";
import { dependencyReport, isReady, type Pod, standing } from "./harness/pods.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBERNETES_ALLOWANCE, REASON_SETTLES, SCENE_READY, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("no-local-endpoint");
  await alsoOnSecondNode(scene, SCENE_READY);
}, WHOLE_TEST);
afterAll(() => scene?.close());

const isThere = (pod: Pod) => pod.spec.nodeName === SECOND_NODE;
const cache = () => ({ namespace: scene.namespace, host: "sessions", port: 11_211 });
const trafficPolicy = (internalTrafficPolicy: string) =>
  scene.kubectl(
    ...["patch", "service", "sessions", "-p", JSON.stringify({ spec: { internalTrafficPolicy } })],
  );

test(
  "a Service for its own node alone makes the pods of another unready, and no others",
  async () => {
    const here = async () => {
      const pods = await standing(scene.namespace, "app=web");
      return pods.filter(({ name }) => name !== THERE.app);
    };
    const before = await here();
    await trafficPolicy("Local");
    // Not refused: packets to an address without an endpoint on the node are dropped, on purpose.
    const since = await rawConnectGives({ ...cache(), from: THERE.client }, "timeout");
    await rawConnectGives(cache(), "connected");
    const unready = since + promised(scene, "unreadyWithin") + KUBERNETES_ALLOWANCE;
    const what = "the pod there, and it alone, to be unready";
    await waitUntil({ what, within: unready - performance.now() }, async () =>
      (await scene.appPods()).every((pod) => isReady(pod) !== isThere(pod)),
    );
    await waitUntil({ what: "ConnectTimeout", within: REASON_SETTLES }, async () => {
      const pod = (await scene.appPods()).find(isThere);
      return pod !== undefined && (await saysTimeout(pod));
    });

    await trafficPolicy("Cluster");
    const back = await rawConnectGives({ ...cache(), from: THERE.client }, "connected");
    const ready = back + promised(scene, "readyWithin") + KUBERNETES_ALLOWANCE;
    await waitUntil({ what: "all pods to be ready", within: ready - performance.now() }, async () =>
      (await scene.appPods()).every(isReady),
    );
    expect(await here()).toStrictEqual(before);
  },
  WHOLE_TEST,
);

/** A ring's reason is that too few servers answer; its detail says why this one does not. */
async function saysTimeout(pod: Pod): Promise<boolean> {
  const report = await dependencyReport(pod, "sessions");
  return report?.reason === "TooFewServers" && report.detail === "servers[0]=ConnectTimeout";
}
