import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { dependencyReport, isReady, sidecarReport } from "./harness/pods.ts";
import { probeAnswer } from "./harness/probe-answer.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { staysTrue, waitUntil } from "./harness/wait-for.ts";
import { DEPENDENCY_RETURNS, POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("memcached-server-gone");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const TOO_FEW = { dependency: "sessions", reason: "TooFewServers" };

test(
  "one of two servers gone makes the pods unready, and the body names it",
  async () => {
    const second = { namespace: scene.namespace, host: "cache-1", port: 11_211 };
    await rawConnectGives(second, "connected");
    await scene.kubectl("scale", "deployment/cache-1", "--replicas=0");
    await expectUnready(scene, await rawConnectGives(second, "refused"), TOO_FEW);
    for (const pod of await scene.appPods()) {
      expect(await probeAnswer(pod)).toStrictEqual({
        status: 503,
        body: "sessions: TooFewServers servers[1]=ConnectionRefused",
      });
    }

    await scene.kubectl("scale", "deployment/cache-1", "--replicas=1");
    await scene.kubectl(
      "rollout",
      "status",
      "deployment/cache-1",
      `--timeout=${DEPENDENCY_RETURNS}ms`,
    );
    await expectReady(scene, await rawConnectGives(second, "connected"));
  },
  WHOLE_TEST,
);

test(
  "with minAvailable: 1 the same loss leaves the pods ready",
  async () => {
    const second = { namespace: scene.namespace, host: "cache-1", port: 11_211 };
    const path = "/spec/dependencies/0/memcached/minAvailable";
    await scene.kubectl(
      "patch",
      "healthpolicy",
      "web",
      "--type=json",
      "-p",
      JSON.stringify([{ op: "add", path, value: 1 }]),
    );
    await sidecarsFollow(scene);
    await waitUntil({ what: "the ring to be up", within: POD_STARTS }, async () => {
      const reports = await Promise.all((await scene.appPods()).map(sidecarReport));
      return reports.every((report) => report?.dependencies[0]?.up);
    });

    await scene.kubectl("scale", "deployment/cache-1", "--replicas=0");
    await rawConnectGives(second, "refused");
    // The ring is up as a whole, so what shows the failure is the detail.
    await waitUntil(
      { what: "the lost server to be reported", within: promised(scene, "unreadyWithin") },
      async () => {
        const reports = await Promise.all(
          (await scene.appPods()).map((pod) => dependencyReport(pod, "sessions")),
        );
        return reports.every((report) => report?.detail === "servers[1]=ConnectionRefused");
      },
    );
    await staysTrue("all app pods ready", 2 * promised(scene, "unreadyWithin"), async () =>
      (await scene.appPods()).every(isReady),
    );

    await scene.kubectl("scale", "deployment/cache-0", "--replicas=0");
    const first = { ...second, host: "cache-0" };
    await expectUnready(scene, await rawConnectGives(first, "refused"), TOO_FEW);
  },
  WHOLE_TEST,
);
