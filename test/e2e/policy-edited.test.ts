import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectUnready } from "./harness/expect-readiness.ts";
import {
  dependencyReport,
  isReady,
  type Pod,
  restarts,
  sidecarReady,
  sidecarReport,
} from "./harness/pods.ts";
import { getPolicy, policyProgrammed } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("policy-edited");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const patch = (operations: object[]) =>
  scene.kubectl("patch", "healthpolicy", "web", "--type=json", "-p", JSON.stringify(operations));

const uids = (pods: Pod[]) => pods.map((pod) => pod.metadata.uid).toSorted();

/** Every pod's sidecar reports the policy's present generation. */
async function sidecarsFollow(pods: () => Promise<Pod[]>): Promise<void> {
  const { generation } = (await getPolicy(scene.namespace, "web")).metadata;
  await waitUntil(
    { what: `generation ${generation} in /status`, within: VOLUME_REFRESH },
    async () => {
      const reports = await Promise.all((await pods()).map(sidecarReport));
      return reports.every((report) => report?.generation === generation);
    },
  );
}

test(
  "a live edit to a wrong host leaves running pods ready and keeps a new pod out",
  async () => {
    const before = await scene.appPods();
    const host = "/spec/dependencies/1/memcached/servers/0/host";
    await patch([{ op: "replace", path: host, value: "no-such-cache" }]);
    await policyProgrammed(scene.namespace, "web");
    await sidecarsFollow(scene.appPods);
    const report = await waitFor(
      { what: "the wrong host to be reported", within: POD_STARTS },
      async () => {
        const first = (await scene.appPods())[0];
        const found = first && (await dependencyReport(first, "sessions"));
        return found?.up === false ? found : undefined;
      },
    );
    expect(report.reason).toBe("TooFewServers");

    await scene.kubectl("scale", "deployment/web", "--replicas=3");
    const known = uids(before);
    const isNew = (pod: Pod) => !known.includes(pod.metadata.uid);
    const newcomer = await waitFor(
      { what: "the new pod's sidecar to report", within: POD_STARTS },
      async () => {
        const pod = (await scene.appPods()).find(isNew);
        const found = pod && (await dependencyReport(pod, "sessions"));
        return found?.reason === "TooFewServers" ? pod : undefined;
      },
    );
    await staysTrue("old pods ready, the new one unready", 32_000, async () => {
      const pods = await scene.appPods();
      return pods.every((pod) => isReady(pod) !== isNew(pod));
    });
    expect(sidecarReady(newcomer)).toBe(false);

    await patch([{ op: "replace", path: host, value: "cache-0" }]);
    await waitUntil(
      { what: "the new pod to be ready after the correction", within: VOLUME_REFRESH },
      async () => (await scene.appPods()).every(isReady),
    );
    await scene.kubectl("scale", "deployment/web", "--replicas=2");
    await waitUntil(
      { what: "two pods", within: POD_STARTS },
      async () => (await scene.appPods()).length === 2,
    );
  },
  WHOLE_TEST,
);

test(
  "removing the failing dependency, then deleting the policy, lets pods go without a restart",
  async () => {
    const before = uids(await scene.appPods());
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    const cache = { namespace: scene.namespace, host: "cache-0", port: 11_211 };
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });

    await patch([{ op: "remove", path: "/spec/dependencies/0" }]);
    await sidecarsFollow(scene.appPods);
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
