import { expect } from "@jest/globals";
import { durationMilliseconds } from "../../../operator/api/timing.ts";
import { KUBERNETES_ALLOWANCE } from "../timeouts.ts";
import { readyEndpoints } from "./endpoints.ts";
import { appReady, dependencyReport, isReady, podsOf, restarts, sidecarReady } from "./pods.ts";
import type { Scene } from "./scene.ts";
import { staysTrue, waitFor, waitUntil } from "./wait-for.ts";

/** The worst case that the policy's status promises, in milliseconds. */
export function promised(scene: Scene, bound: "unreadyWithin" | "readyWithin"): number {
  const milliseconds = durationMilliseconds(scene.policy.status?.bounds?.[bound] ?? "");
  if (milliseconds === undefined) throw new Error(`status.bounds.${bound} is missing`);
  return milliseconds;
}

/** What is left, at this moment, of the promise plus Kubernetes' own delays. */
const remaining = (scene: Scene, bound: "unreadyWithin" | "readyWithin", since: number) =>
  since + promised(scene, bound) + KUBERNETES_ALLOWANCE - performance.now();

/** A dependency and what the sidecar must say of it. */
export interface ExpectedFailure {
  dependency: string;
  reason: string;
}

/** The bystanders: the app's own containers are ready, nothing restarted, the twin serves. */
export async function onlyTheSidecarObjects(scene: Scene): Promise<void> {
  for (const pod of await scene.appPods()) {
    expect({
      app: appReady(pod),
      sidecar: sidecarReady(pod),
      restarts: restarts(pod),
    }).toStrictEqual({ app: true, sidecar: false, restarts: 0 });
  }
  const twins = await podsOf(scene.namespace, "app=twin");
  expect(twins.map(isReady)).toStrictEqual([true]);
}

/**
 * All app pods leave the Service within the promise, counted from `since` (performance.now() of the
 * first failed raw connect), for the expected reason and with nothing else harmed.
 */
export async function expectUnready(
  scene: Scene,
  since: number,
  failure: ExpectedFailure,
): Promise<number> {
  const within = remaining(scene, "unreadyWithin", since);
  await waitUntil({ what: "all app pods to be unready", within }, async () =>
    (await scene.appPods()).every((pod) => !isReady(pod)),
  );
  const took = performance.now() - since;
  await onlyTheSidecarObjects(scene);
  for (const pod of await scene.appPods()) {
    expect(await dependencyReport(pod, failure.dependency)).toMatchObject({
      up: false,
      reason: failure.reason,
    });
  }
  // The EndpointSlice controller follows the pods' conditions a moment later.
  const left = Math.max(remaining(scene, "unreadyWithin", since), KUBERNETES_ALLOWANCE);
  await waitUntil(
    { what: "the app's Service to have no ready endpoint", within: left },
    async () => (await readyEndpoints(scene.namespace, "web")).length === 0,
  );
  console.log(`${scene.namespace}: unready ${Math.round(took)} ms after the first failed connect`);
  return took;
}

/** All app pods are back within the promise, counted from the first raw connect that worked. */
export async function expectReady(scene: Scene, since: number): Promise<number> {
  const within = remaining(scene, "readyWithin", since);
  await waitUntil({ what: "all app pods to be ready", within }, async () =>
    (await scene.appPods()).every(isReady),
  );
  const took = performance.now() - since;
  await waitUntil(
    { what: "the app's Service to have both endpoints", within: KUBERNETES_ALLOWANCE },
    async () => (await readyEndpoints(scene.namespace, "web")).length === 2,
  );
  expect((await scene.appPods()).map(restarts)).toStrictEqual([0, 0]);
  console.log(`${scene.namespace}: ready ${Math.round(took)} ms after the first good connect`);
  return took;
}

/** Every sidecar reports the failure, and for twice unreadyWithin after that no pod leaves. */
export async function expectStaysReady(scene: Scene, failure: ExpectedFailure, within: number) {
  await waitFor(
    { what: `${failure.dependency} to be reported ${failure.reason}`, within },
    async () => {
      const reports = await Promise.all(
        (await scene.appPods()).map((pod) => dependencyReport(pod, failure.dependency)),
      );
      const all = reports.every((r) => r?.up === false && r.reason === failure.reason);
      return all ? reports : undefined;
    },
  );
  await staysTrue("all app pods ready", 2 * promised(scene, "unreadyWithin"), async () => {
    const pods = await scene.appPods();
    return pods.length === 2 && pods.every(isReady);
  });
  expect((await scene.appPods()).map(restarts)).toStrictEqual([0, 0]);
}
