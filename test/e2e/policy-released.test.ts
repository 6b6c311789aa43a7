import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectUnready } from "./harness/expect-readiness.ts";
import { isReady, type Pod, restarts, sidecarReport } from "./harness/pods.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("policy-released");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const uids = (pods: Pod[]) => pods.map((pod) => pod.metadata.uid).toSorted();

test(
  "removing the failing dependency, then deleting the policy, lets pods go without a restart",
  async () => {
    const before = uids(await scene.appPods());
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    const cache = { namespace: scene.namespace, host: "cache-0", port: 11_211 };
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });

    const removal = JSON.stringify([{ op: "remove", path: "/spec/dependencies/0" }]);
    await scene.kubectl("patch", "healthpolicy", "web", "--type=json", "-p", removal);
    await sidecarsFollow(scene);
    await waitUntil({ what: "pods ready without the database", within: POD_STARTS }, async () =>
      (await scene.appPods()).every(isReady),
    );

    await scene.kubectl("scale", "deployment/cache-0", "--replicas=0");
    const cacheRefused = await rawConnectGives(cache, "refused");
    await expectUnready(scene, cacheRefused, { dependency: "sessions", reason: "TooFewServers" });
    await scene.kubectl("delete", "healthpolicy", "web");
    await waitUntil({ what: "pods ready without the policy", within: VOLUME_REFRESH }, async () =>
      (await scene.appPods()).every(isReady),
    );
    const pods = await scene.appPods();
    expect(
      (await Promise.all(pods.map(sidecarReport))).map((report) => report?.reason),
    ).toStrictEqual(["NoPolicy", "NoPolicy"]);
    expect(uids(pods)).toStrictEqual(before);
    expect(pods.map(restarts)).toStrictEqual([0, 0]);
  },
  WHOLE_TEST,
);
