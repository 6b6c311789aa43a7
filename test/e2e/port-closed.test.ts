import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { DEPENDENCY_RETURNS, FIRST_CHECK, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("port-closed");
}, WHOLE_TEST);
afterAll(() => scene?.close());

test(
  "a port that nobody listens on makes the pods unready until it accepts again",
  async () => {
    const relay = { namespace: scene.namespace, host: "relay", port: 25 };
    // They are ready although this one has never been there: tcp is observed unless the policy says otherwise.
    for (const pod of await scene.appPods()) {
      const missing = { name: "never-there", up: false, reason: "HostNotFound" };
      const report = await dependencyReported(async () => pod, missing, FIRST_CHECK);
      expect(report).toMatchObject({ impact: "Observe" });
    }
    await rawConnectGives(relay, "connected");
    await scene.kubectl("scale", "deployment/relay", "--replicas=0");
    const refused = await rawConnectGives(relay, "refused");
    await expectUnready(scene, refused, { dependency: "relay", reason: "ConnectionRefused" });

    await scene.kubectl("scale", "deployment/relay", "--replicas=1");
    const returned = `--timeout=${DEPENDENCY_RETURNS}ms`;
    await scene.kubectl("rollout", "status", "deployment/relay", returned);
    await expectReady(scene, await rawConnectGives(relay, "connected"));
  },
  WHOLE_TEST,
);
