import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { dependencyUpEverywhere } from "./harness/dependency-up-everywhere.ts";
import {
  expectReady,
  expectStaysReady,
  expectUnready,
  promised,
} from "./harness/expect-readiness.ts";
import { hurryKubelets } from "./harness/hurry-kubelets.ts";
import { patchSecret } from "./harness/patch-secret.ts";
import { dependencyReport, isReady, type Pod, sidecarReady } from "./harness/pods.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { FIRST_CHECK, POD_STARTS, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("edited-to-wrong-host");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const patch = (operations: object[]) =>
  scene.kubectl("patch", "healthpolicy", "web", "--type=json", "-p", JSON.stringify(operations));

const uids = (pods: Pod[]) => pods.map((pod) => pod.metadata.uid).toSorted();

test(
  "a live edit to a wrong host leaves running pods ready and keeps a new pod out",
  async () => {
    const wrong = { namespace: scene.namespace, host: "no-such-cache", port: 11_211 };
    await rawConnectGives(wrong, "not-found");
    const before = await scene.appPods();
    const host = "/spec/dependencies/1/memcached/servers/0/host";
    await patch([{ op: "replace", path: host, value: "no-such-cache" }]);
    await policyProgrammed(scene.namespace, "web");
    await sidecarsFollow(scene);
    const [running] = before;
    if (!running) throw new Error("the app has no pod");
    const down = { name: "sessions", up: false };
    const report = await dependencyReported(async () => running, down, FIRST_CHECK);
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
    await staysTrue(
      "old pods ready, the new one unready",
      2 * promised(scene, "unreadyWithin"),
      async () => {
        const pods = await scene.appPods();
        return pods.every((pod) => isReady(pod) !== isNew(pod));
      },
    );
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

/** Kubelets hear of it within a second, and are to look for it no earlier. */
async function writeUrl(host: string): Promise<void> {
  const url = `postgresql://app:first-password@${host}/orders`;
  await patchSecret(scene, "orders-db", { url });
  await sleep(1_000);
  await hurryKubelets(scene.namespace);
}

test(
  "a connection string with a wrong host leaves running pods ready, and the right one gates again",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives({ ...database, host: "no-such-db" }, "not-found");
    await writeUrl("no-such-db");
    const notFound = { dependency: "orders-db", reason: "HostNotFound" };
    await expectStaysReady(scene, notFound, VOLUME_REFRESH);

    await writeUrl("orders-db");
    await dependencyUpEverywhere(scene, "orders-db", VOLUME_REFRESH);
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
