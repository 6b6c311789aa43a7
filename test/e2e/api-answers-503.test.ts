import { afterAll, beforeAll, test } from "@jest/globals";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { DEPENDENCY_RETURNS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("api-answers-503");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const api = () => ({ namespace: scene.namespace, host: "api", port: 80 });

test(
  "an API that answers 503 makes the pods unready, and 200 brings them back",
  async () => {
    const inApi = (...command: string[]) =>
      scene.kubectl("exec", "deployment/api", "--", ...command);
    await inApi("touch", "/tmp/starting");
    // The port still accepts: only the status tells.
    const since = await rawConnectGives(api(), "connected");
    await expectUnready(scene, since, { dependency: "api", reason: "InvalidResponse" });

    await inApi("rm", "/tmp/starting");
    await expectReady(scene, performance.now());
  },
  WHOLE_TEST,
);

test(
  "an API without endpoints makes the pods unready until it is back",
  async () => {
    await scene.kubectl("scale", "deployment/api", "--replicas=0");
    const refused = await rawConnectGives(api(), "refused");
    await expectUnready(scene, refused, { dependency: "api", reason: "ConnectionRefused" });

    await scene.kubectl("scale", "deployment/api", "--replicas=1");
    const returned = `--timeout=${DEPENDENCY_RETURNS}ms`;
    await scene.kubectl("rollout", "status", "deployment/api", returned);
    await expectReady(scene, await rawConnectGives(api(), "connected"));
  },
  WHOLE_TEST,
);
