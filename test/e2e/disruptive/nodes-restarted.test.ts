import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alsoOnSecondNode, THERE } from "../harness/also-on-second-node.ts";
import { created } from "../harness/created.ts";
import { kubectl, runOrThrow } from "../harness/kubectl.ts";
import { NODE, SECOND_NODE } from "../harness/node.ts";
import { operatorPods } from "../harness/operator.ts";
import { isInjected, isReady, type Pod, podsOf, restarts } from "../harness/pods.ts";
import { condition, getPolicy } from "../harness/policy.ts";
import { rawConnectGives } from "../harness/raw-connect.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { NODES_RESTARTED, SCENE_READY, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

/** Makes the ways between nodes anew, which are gone with their start: in other clusters a network plugin does that. */
const NETWORK_PLUGIN = join(import.meta.dirname, "../cluster/up.sh");

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/nodes-restarted");
  await alsoOnSecondNode(scene, SCENE_READY);
}, WHOLE_TEST);
// Without a look at the twin: its container was started again with its node.
afterAll(() => kubectl(["delete", "namespace", scene.namespace, "--wait=false"]));

/** A pod's uid, and how often its containers were started again. */
const standsAs = (pods: Pod[]) => new Map(pods.map((pod) => [pod.metadata.uid, restarts(pod)]));

/**
 * Whether the very pods of before are ready, every one with its containers started again: at first the API server says
 * what was so before the nodes ended. False also while no API server answers.
 */
async function areBack(before: Map<string, number>, pods: () => Promise<Pod[]>): Promise<boolean> {
  try {
    const now = await pods();
    return (
      now.length === before.size &&
      now.every((pod) => isReady(pod) && restarts(pod) > (before.get(pod.metadata.uid) ?? Infinity))
    );
  } catch {
    return false;
  }
}

test(
  "after all nodes were restarted everything comes back by itself",
  async () => {
    const groups = [operatorPods, scene.appPods, () => podsOf(scene.namespace, "app=client")];
    const before = await Promise.all(groups.map(async (pods) => standsAs(await pods())));
    await runOrThrow("docker", ["restart", NODE, SECOND_NODE], { timeout: NODES_RESTARTED });
    await runOrThrow(NETWORK_PLUGIN, [], { timeout: NODES_RESTARTED });
    const begun = performance.now();
    await waitUntil({ what: "every pod to be back", within: NODES_RESTARTED }, async () => {
      const back = groups.map((pods, at) => areBack(before[at] ?? new Map(), pods));
      return (await Promise.all(back)).every(Boolean);
    });
    console.log(`all ready ${Math.round(performance.now() - begun)} ms after the nodes' start`);
    const cache = { namespace: scene.namespace, host: "sessions", port: 11_211 };
    await rawConnectGives({ ...cache, from: THERE.client }, "connected");
    await waitUntil({ what: "Programmed", within: STATUS_FOLLOWS }, async () => {
      const programmed = condition(await getPolicy(scene.namespace, "web"), "Programmed");
      return programmed?.status === "True";
    });
    expect(isInjected(await created(unscheduledPod(scene.namespace, "afterwards")))).toBe(true);
  },
  WHOLE_TEST,
);
