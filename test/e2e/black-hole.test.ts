import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { withBlackHole } from "./harness/black-hole.ts";
import { expectReady, expectUnready, onlyTheSidecarObjects } from "./harness/expect-readiness.ts";
import { kubectlJson } from "./harness/kubectl.ts";
import { readinessProbeCounts } from "./harness/probe-counts.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { TWENTY_PROBES, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("black-hole");
}, WHOLE_TEST);
afterAll(() => scene?.close());

interface Event {
  reason: string;
  message: string;
  lastTimestamp: string;
  involvedObject: { name: string; fieldPath?: string };
}

/** What the kubelet has said of our container's probes in a pod's Events since a moment of Date.now(). */
async function probeFailures(pod: string, since: number): Promise<string[]> {
  const events = await kubectlJson<{ items: Event[] }>("get", "events", "-n", scene.namespace);
  return events.items
    .filter(({ reason, involvedObject }) => reason === "Unhealthy" && involvedObject.name === pod)
    .filter(({ involvedObject }) => involvedObject.fieldPath?.includes(SIDECAR_CONTAINER))
    .filter(({ lastTimestamp }) => Date.parse(lastTimestamp) >= since)
    .map(({ message }) => message);
}

test(
  "dropped packets make the pods unready, and no probe ever times out",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    await withBlackHole(
      { namespace: scene.namespace, service: "orders-db", port: 5_432 },
      async () => {
        const begun = Date.now();
        const dropped = await rawConnectGives(database, "timeout");
        await expectUnready(scene, dropped, { dependency: "orders-db", reason: "ConnectTimeout" });
        for (const { metadata } of await scene.appPods()) {
          const counts = () => readinessProbeCounts(scene.namespace, metadata.name);
          const before = await counts();
          await waitUntil(
            { what: "20 more probes of the kubelet", within: TWENTY_PROBES },
            async () => (await counts()).failed >= before.failed + 20,
          );
          const after = await counts();
          expect(after.quick - before.quick).toBe(after.all - before.all);
          const messages = await probeFailures(metadata.name, begun);
          expect(messages).toContainEqual(expect.stringContaining("statuscode: 503"));
          for (const message of messages) expect(message).toContain("statuscode: 503");
        }
        await onlyTheSidecarObjects(scene);
      },
    );
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
