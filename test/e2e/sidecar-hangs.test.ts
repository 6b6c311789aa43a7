import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { appReady, isReady, restarts, sidecarRestarts, standing } from "./harness/pods.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { withStoppedProcesses } from "./harness/stopped-processes.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, SIDECAR_HANG_SEEN, SIDECAR_RESTARTED, WHOLE_TEST } from "./timeouts.ts";

/** As long as is waited for the sidecar, and so longer with the probes before it: a database's may be half an hour. */
const POD_GRACE = { terminationGracePeriodSeconds: SIDECAR_RESTARTED / 1_000 };

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("sidecar-hangs");
  const patch = JSON.stringify({ spec: { template: { spec: POD_GRACE } } });
  await scene.kubectl("patch", "deployment", "web", "--type=merge", "-p", patch);
  await scene.kubectl("rollout", "status", "deployment/web", `--timeout=${POD_STARTS / 1_000}s`);
}, WHOLE_TEST);
afterAll(() => scene?.close());

test(
  "a sidecar that hangs is started again alone: its pod leaves meanwhile, and the app runs on",
  async () => {
    const [hung, other] = await scene.appPods();
    if (!hung || !other) throw new Error("the app has no two pods");
    const { name } = hung.metadata;
    // A label that it alone has, and that its policy does not ask for.
    await scene.kubectl("label", "pod", name, "e2e=hangs");
    const others = async () => {
      const pods = await standing(scene.namespace, "app=web");
      return pods.filter((pod) => pod.name === other.metadata.name);
    };
    const before = await others();
    const now = async () => {
      const pod = (await scene.appPods()).find(({ metadata }) => metadata.name === name);
      if (!pod) throw new Error(`${name} is gone`);
      return pod;
    };

    const container = { namespace: scene.namespace, selector: "e2e=hangs" };
    await withStoppedProcesses({ ...container, container: SIDECAR_CONTAINER }, async () => {
      const unready = await waitFor(
        { what: `${name} to be unready`, within: SIDECAR_HANG_SEEN },
        async () => {
          const pod = await now();
          return isReady(pod) ? undefined : pod;
        },
      );
      expect(appReady(unready)).toBe(true);
      await waitUntil(
        { what: "the sidecar to be started again", within: SIDECAR_RESTARTED },
        async () => sidecarRestarts(await now()) === 1,
      );
    });
    await waitUntil({ what: `${name} to be ready`, within: POD_STARTS }, async () =>
      isReady(await now()),
    );
    // The one restart is the sidecar's.
    const after = await now();
    expect([restarts(after), sidecarRestarts(after)]).toStrictEqual([1, 1]);
    expect(await others()).toStrictEqual(before);
    await scene.twinUntouched();
  },
  WHOLE_TEST,
);
