import { expect } from "@jest/globals";
import { durationMilliseconds } from "../../../operator/api/timing.ts";
import { KUBERNETES_ALLOWANCE, REASON_SETTLES } from "../timeouts.ts";
import { readyEndpoints } from "./endpoints.ts";
import { appReady, dependencyReport, isReady, restarts, sidecarReady } from "./pods.ts";
import type { Scene } from "./scene.ts";
import { staysTrue, waitFor, waitUntil } from "./wait-for.ts";

/** The worst case that the policy's status promises, in milliseconds. */
export function promised(
  scene: Pick<Scene, "policy">,
  bound: "unreadyWithin" | "readyWithin",
): number {
  const milliseconds = durationMilliseconds(scene.policy.status?.bounds?.[bound] ?? "");
  if (milliseconds === undefined) throw new Error(`status.bounds.${bound} is missing`);
  return milliseconds;
}

/**
 * Waits until something holds and gives the milliseconds since `since` (performance.now()). Throws when
 * that is more than the promise plus Kubernetes' own delays, however late the last look was.
 */
async function withinPromise(
  { scene, bound, since }: { scene: Scene; bound: "unreadyWithin" | "readyWithin"; since: number },
  what: string,
  holds: () => Promise<boolean>,
): Promise<number> {
  const limit = promised(scene, bound) + KUBERNETES_ALLOWANCE;
  await waitUntil({ what, within: since + limit - performance.now() }, holds);
  const took = performance.now() - since;
  expect(took).toBeLessThanOrEqual(limit);
  return took;
}

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
  await scene.twinUntouched();
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
  const promise = { scene, bound: "unreadyWithin", since } as const;
  const took = await withinPromise(promise, "all app pods to be unready", async () =>
    (await scene.appPods()).every((pod) => !isReady(pod)),
  );
  await withinPromise(
    promise,
    "the app's Service to have no ready endpoint",
    async () => (await readyEndpoints(scene.namespace, "web")).length === 0,
  );
  await onlyTheSidecarObjects(scene);
  for (const pod of await scene.appPods()) {
    // A node refuses each client about once a second; beside many others a check can wait in vain, and the next says
    // why.
    const what = `${failure.reason} of ${failure.dependency} in ${pod.metadata.name}`;
    await waitUntil({ what, within: REASON_SETTLES }, async () => {
      const report = await dependencyReport(pod, failure.dependency);
      return report?.up === false && report.reason === failure.reason;
    });
  }
  console.log(`${scene.namespace}: unready ${Math.round(took)} ms after the first failed connect`);
  return took;
}

/** All app pods are back within the promise, counted from the first raw connect that worked. */
export async function expectReady(scene: Scene, since: number): Promise<number> {
  const promise = { scene, bound: "readyWithin", since } as const;
  const took = await withinPromise(promise, "all app pods to be ready", async () =>
    (await scene.appPods()).every(isReady),
  );
  await withinPromise(
    promise,
    "the app's Service to have both endpoints",
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
  await scene.twinUntouched();
  expect((await scene.appPods()).map(restarts)).toStrictEqual([0, 0]);
}
