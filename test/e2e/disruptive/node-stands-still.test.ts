import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alsoOnSecondNode, THERE } from "../harness/also-on-second-node.ts";
import { runOrThrow } from "../harness/kubectl.ts";
import { SECOND_NODE, tryOnNode } from "../harness/node.ts";
import { type Pod, standing } from "../harness/pods.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { SCENE_READY, WHOLE_TEST } from "../timeouts.ts";

/** Whether a probe or the check that is due comes first once the node goes on, is chance. */
const TIMES = 6;
/** Longer than a result counts: interval + checkTimeout + 1 s. */
const STILL_MILLISECONDS = 5_000;
/** Two probes, and what the kubelet needs to tell of them. */
const GOES_ON_MILLISECONDS = 6_000;

/** curl's exit status where no answer came in time. */
const TIMED_OUT = 28;

async function isSilent(pod: Pod): Promise<boolean> {
  const url = `http://${pod.status.podIP}:8080/`;
  const { code } = await tryOnNode(["curl", "--silent", "--max-time", "2", url]);
  return code === TIMED_OUT;
}

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/node-stands-still");
  await alsoOnSecondNode(scene, SCENE_READY);
}, WHOLE_TEST);
afterAll(() => scene?.close());

/** As a virtual machine that is moved to another host, or whose host gives it no time: its pod answers nobody. */
async function standsStill(pod: Pod): Promise<void> {
  await runOrThrow("docker", ["pause", SECOND_NODE]);
  const until = performance.now() + STILL_MILLISECONDS;
  try {
    expect(await isSilent(pod)).toBe(true);
    await sleep(until - performance.now());
  } finally {
    await runOrThrow("docker", ["unpause", SECOND_NODE]);
  }
}

test(
  "a healthy pod whose node stands still for longer than its results count stays in its Services",
  async () => {
    const there = async () =>
      (await standing(scene.namespace, "app=web")).find(({ name }) => name === THERE.app);
    const before = await there();
    expect(before?.ready).toBe(true);
    const pod = (await scene.appPods()).find(({ metadata }) => metadata.name === THERE.app);
    if (!pod) throw new Error(`${THERE.app} is gone`);
    expect(await isSilent(pod)).toBe(false);
    for (let time = 0; time < TIMES; time += 1) {
      await standsStill(pod);
      await sleep(GOES_ON_MILLISECONDS);
    }
    expect(await there()).toStrictEqual(before);
  },
  WHOLE_TEST,
);
