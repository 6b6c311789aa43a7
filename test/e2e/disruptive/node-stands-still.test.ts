import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alsoOnSecondNode, THERE } from "../harness/also-on-second-node.ts";
import { runOrThrow } from "../harness/kubectl.ts";
import { SECOND_NODE } from "../harness/node.ts";
import { standing } from "../harness/pods.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { SCENE_READY, WHOLE_TEST } from "../timeouts.ts";

/** Whether a probe or the check that is due comes first once the node goes on, is chance. */
const TIMES = 6;
/** Longer than a result counts: interval + checkTimeout + 1 s. */
const STILL_MILLISECONDS = 5_000;
/** Two probes, and what the kubelet needs to tell of them. */
const GOES_ON_MILLISECONDS = 6_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/node-stands-still");
  await alsoOnSecondNode(scene, SCENE_READY);
}, WHOLE_TEST);
afterAll(() => scene?.close());

/** As a virtual machine that is moved to another host, or whose host gives it no time. */
async function standsStill(): Promise<void> {
  await runOrThrow("docker", ["pause", SECOND_NODE]);
  try {
    await sleep(STILL_MILLISECONDS);
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
    for (let time = 0; time < TIMES; time += 1) {
      await standsStill();
      await sleep(GOES_ON_MILLISECONDS);
    }
    expect(await there()).toStrictEqual(before);
  },
  WHOLE_TEST,
);
