import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { rawConnect, rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { withStoppedProcesses } from "./harness/stopped-processes.ts";
import { WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("database-stopped");
}, WHOLE_TEST);
afterAll(() => scene?.close());

test(
  "a database process that accepts and never answers makes the pods unready",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    await withStoppedProcesses(
      { namespace: scene.namespace, selector: "app=orders-db" },
      async () => {
        const stopped = performance.now();
        // The kernel goes on accepting for the stopped process: this is no refusal and no black hole.
        expect(await rawConnect(database)).toBe("connected");
        await expectUnready(scene, stopped, { dependency: "orders-db", reason: "CheckTimeout" });
      },
    );
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
