import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { holdQueryConnection } from "./harness/held-connection.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("endpoints-removed");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const serviceSelector = (role: string) =>
  JSON.stringify({ spec: { selector: { app: "orders-db", role } } });

test(
  "a Service that lost its endpoints makes the pods unready although the database lives",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    const held = await holdQueryConnection(database);
    try {
      await scene.kubectl("patch", "service", "orders-db", "-p", serviceSelector("nobody"));
      const refused = await rawConnectGives(database, "refused");
      await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });
      // What a pool would go by: the connection from before still says yes.
      expect(await held.stillAnswers()).toBe(true);
    } finally {
      held.close();
    }
    await scene.kubectl("patch", "service", "orders-db", "-p", serviceSelector("serving"));
    await expectReady(scene, await rawConnectGives(database, "connected"));
  },
  WHOLE_TEST,
);
