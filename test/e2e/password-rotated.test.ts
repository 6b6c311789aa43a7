import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dependencyUpEverywhere } from "./harness/dependency-up-everywhere.ts";
import { expectStaysReady, promised } from "./harness/expect-readiness.ts";
import { patchSecret } from "./harness/patch-secret.ts";
import { dependencyReport, isReady, type Pod, restarts, sidecarReady } from "./harness/pods.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { KUBERNETES_ALLOWANCE, POD_STARTS, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("password-rotated");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const SECOND_PASSWORD = "second-password";
const REJECTED = { dependency: "orders-db", reason: "AuthenticationFailed" };

const database = (...command: string[]) =>
  scene.kubectl("exec", "deployment/orders-db", "--", ...command);

test(
  "a rotated password is reported, keeps only new pods out, and is followed without a restart",
  async () => {
    const before = (await scene.appPods()).map((pod) => pod.metadata.uid);
    await database(
      "psql",
      "-U",
      "app",
      "-d",
      "orders",
      "-c",
      `ALTER ROLE app PASSWORD '${SECOND_PASSWORD}'`,
    );
    // The fault itself, which no bare connect can show: the password of the Secret no longer opens the database over
    // the network.
    const login = "postgresql://app:first-password@orders-db/orders";
    await expect(database("psql", login, "-c", "SELECT 1")).rejects.toThrow(
      "password authentication failed",
    );
    await expectStaysReady(scene, REJECTED, promised(scene, "unreadyWithin"));

    await scene.kubectl("scale", "deployment/web", "--replicas=3");
    const isNew = (pod: Pod) => !before.includes(pod.metadata.uid);
    const newcomer = await waitFor(
      { what: "the new pod's sidecar to report", within: POD_STARTS },
      async () => {
        const pod = (await scene.appPods()).find(isNew);
        const report = pod && (await dependencyReport(pod, "orders-db"));
        return report?.reason === "AuthenticationFailed" ? pod : undefined;
      },
    );
    expect(sidecarReady(newcomer)).toBe(false);
    await staysTrue("the new pod unready", 2 * promised(scene, "unreadyWithin"), async () =>
      (await scene.appPods()).filter(isNew).every((pod) => !isReady(pod)),
    );

    await patchSecret(scene, "orders-db", { password: SECOND_PASSWORD });
    await dependencyUpEverywhere(scene, "orders-db", VOLUME_REFRESH);
    await waitUntil(
      {
        what: "the new pod to be ready",
        within: promised(scene, "readyWithin") + KUBERNETES_ALLOWANCE,
      },
      async () => (await scene.appPods()).every(isReady),
    );
    const pods = await scene.appPods();
    expect(
      pods
        .filter((pod) => !isNew(pod))
        .map((pod) => pod.metadata.uid)
        .toSorted(),
    ).toStrictEqual(before.toSorted());
    expect(pods.map(restarts)).toStrictEqual([0, 0, 0]);
  },
  WHOLE_TEST,
);
