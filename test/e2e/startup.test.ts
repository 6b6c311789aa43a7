import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { expectStaysReady, promised } from "./harness/expect-readiness.ts";
import { dependencyReport, isReady, type Pod } from "./harness/pods.ts";
import { probeAnswer } from "./harness/probe-answer.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { restartSidecar } from "./harness/restart-sidecar.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { FIRST_CHECK, POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("startup");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const DOWN = { dependency: "orders-db", reason: "ConnectionRefused" };

test(
  "a dependency that is needed at the start holds back a new pod and none that has passed, after a restart of its sidecar either",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    const before = await scene.appPods();
    const isNew = (pod: Pod) => !before.some(({ metadata }) => metadata.uid === pod.metadata.uid);

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    await rawConnectGives(database, "refused");
    await expectStaysReady(scene, DOWN, promised(scene, "unreadyWithin"));

    const [restarted] = before;
    if (!restarted) throw new Error("the app has no pod");
    await restartSidecar(restarted);
    // Its sidecar has looked for itself, and has not taken over what the one before it knew.
    const down = { name: DOWN.dependency, up: false, reason: DOWN.reason };
    await dependencyReported(async () => restarted, down, FIRST_CHECK);

    await scene.kubectl("scale", "deployment/web", "--replicas=3");
    const newcomer = await waitFor(
      { what: "the new pod's sidecar to report", within: POD_STARTS },
      async () => {
        const pod = (await scene.appPods()).find(isNew);
        const report = pod && (await dependencyReport(pod, DOWN.dependency));
        return report?.reason === DOWN.reason ? pod : undefined;
      },
    );
    await staysTrue(
      "old pods ready, the new one unready",
      2 * promised(scene, "unreadyWithin"),
      async () => (await scene.appPods()).every((pod) => isReady(pod) !== isNew(pod)),
    );
    const body = `${DOWN.dependency}: ${DOWN.reason}`;
    expect(await probeAnswer(newcomer)).toStrictEqual({ status: 503, body });

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await waitUntil({ what: "the new pod to be ready", within: POD_STARTS }, async () =>
      (await scene.appPods()).every(isReady),
    );
  },
  WHOLE_TEST,
);
