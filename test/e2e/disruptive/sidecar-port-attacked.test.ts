import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { METRICS_PATH } from "../../../operator/api/names.ts";
import { attackPort } from "../harness/attack-port.ts";
import { askSidecar, isReady, type Pod, readySince, restarts } from "../harness/pods.ts";
import { readinessProbeCounts } from "../harness/probe-counts.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { ATTACK_SHOWS, WHOLE_TEST } from "../timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/sidecar-port-attacked");
}, WHOLE_TEST);
afterAll(() => scene?.close());

/** Checks that the sidecar has made so far. */
async function checksOf(pod: Pod): Promise<number> {
  const metrics = await askSidecar(pod, METRICS_PATH);
  const counts = metrics.matchAll(/^healthpolicy_check_duration_seconds_count\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What must not change, however the port is attacked. */
async function untouched(name: string) {
  const pod = (await scene.appPods()).find(({ metadata }) => metadata.name === name) as Pod;
  const { failed } = await readinessProbeCounts(scene.namespace, name);
  return {
    ready: isReady(pod),
    since: readySince(pod),
    restarts: restarts(pod),
    failedProbes: failed,
  };
}

test.each([
  ["pipelined", 160],
  ["flood", 10_000],
  ["flood-of-ten", 10_000],
] as const)(
  "who reaches the port can neither end the sidecar nor make its pod unready: %s",
  async (mode, connections) => {
    const [pod] = await scene.appPods();
    if (!pod) throw new Error("the app has no pod");
    const { name } = pod.metadata;
    const before = await untouched(name);
    const checksBefore = await checksOf(pod);
    expect(before).toMatchObject({ ready: true, restarts: 0 });

    const { made, answered } = await attackPort(pod, mode);
    expect(made).toBe(connections);
    expect(answered).toBeGreaterThan(0);

    // A probe that was begun in the attack has ended by then, and a restart would be reported.
    await sleep(ATTACK_SHOWS);
    // The kubelet's own count of probes loses none.
    expect(await untouched(name)).toStrictEqual(before);
    if (mode !== "pipelined") expect(await checksOf(pod)).toBeGreaterThan(checksBefore);
  },
  WHOLE_TEST,
);
