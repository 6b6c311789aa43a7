import { afterAll, beforeAll, test } from "@jest/globals";
import { expectReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { dependencyReport, isReady } from "./harness/pods.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { staysTrue, waitUntil } from "./harness/wait-for.ts";
import { DEPENDENCY_RETURNS, FIRST_CHECK, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("redis-gone");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const sessions = () => ({ namespace: scene.namespace, host: "sessions", port: 6_379 });
const reports = async () =>
  Promise.all((await scene.appPods()).map((pod) => dependencyReport(pod, "sessions")));

test(
  "pods leave the Service while Redis has no endpoints, and come back with it",
  async () => {
    // An answer may be a second old, from before the first result.
    await waitUntil({ what: "both pods to report Redis up", within: FIRST_CHECK }, async () => {
      const reported = await reports();
      return reported.length === 2 && reported.every((report) => report?.up === true);
    });
    await rawConnectGives(sessions(), "connected");
    await scene.kubectl("scale", "deployment/sessions", "--replicas=0");
    const refused = await rawConnectGives(sessions(), "refused");
    await expectUnready(scene, refused, { dependency: "sessions", reason: "ConnectionRefused" });

    await scene.kubectl("scale", "deployment/sessions", "--replicas=1");
    const returned = `--timeout=${DEPENDENCY_RETURNS}ms`;
    await scene.kubectl("rollout", "status", "deployment/sessions", returned);
    await expectReady(scene, await rawConnectGives(sessions(), "connected"));
  },
  WHOLE_TEST,
);

test(
  "a password that changes in Redis alone is reported, and leaves the pods ready",
  async () => {
    const redisCli = [
      "redis-cli",
      "-a",
      "first-password",
      "CONFIG",
      "SET",
      "requirepass",
      "second",
    ];
    await scene.kubectl("exec", "deployment/sessions", "--", ...redisCli);
    const within = promised(scene, "unreadyWithin");
    await waitUntil({ what: "the wrong password to be reported", within }, async () =>
      (await reports()).every((report) => report?.reason === "AuthenticationFailed"),
    );
    await staysTrue("all app pods ready", within, async () =>
      (await scene.appPods()).every(isReady),
    );
  },
  WHOLE_TEST,
);
