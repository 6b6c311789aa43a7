import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { noEndpoints } from "./harness/endpoints.ts";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { rawConnect, rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { withStoppedProcesses } from "./harness/stopped-processes.ts";
import { DEPENDENCY_RETURNS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
let database: { namespace: string; host: string; port: number };
beforeAll(async () => {
  scene = await openScene("mysql-stopped-and-gone");
  database = { namespace: scene.namespace, host: "shop-db", port: 3_306 };
}, WHOLE_TEST);
afterAll(() => scene?.close());

test(
  "MariaDB that accepts and never greets makes the pods unready",
  async () => {
    await rawConnectGives(database, "connected");
    await withStoppedProcesses(
      { namespace: scene.namespace, selector: "app=shop-db" },
      async () => {
        const stopped = performance.now();
        // The kernel goes on accepting for the stopped process: this is no refusal and no black hole.
        expect(await rawConnect(database)).toBe("connected");
        await expectUnready(scene, stopped, { dependency: "shop-db", reason: "CheckTimeout" });
      },
    );
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);

test(
  "pods leave the Service while MariaDB has no endpoints, and come back with it",
  async () => {
    await scene.kubectl("scale", "deployment/shop-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await noEndpoints(scene.namespace, "shop-db");
    await expectUnready(scene, refused, { dependency: "shop-db", reason: "ConnectionRefused" });

    await scene.kubectl("scale", "deployment/shop-db", "--replicas=1");
    const timeout = `--timeout=${DEPENDENCY_RETURNS}ms`;
    await scene.kubectl("rollout", "status", "deployment/shop-db", timeout);
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
