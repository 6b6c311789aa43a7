import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  NO_TOKEN_VOLUME,
  SERVICE_ACCOUNT_PATH,
  SIDECAR_CONTAINER,
} from "../../operator/api/names.ts";
import { noEndpoints } from "./harness/endpoints.ts";
import { describedEvents, eventTold } from "./harness/events.ts";
import { expectReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { countsBecome } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { DEPENDENCY_RETURNS, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("database-scaled-to-zero");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const on = (object: string) => ({ namespace: scene.namespace, object });

/** Of every pod, and once of all of them. */
async function expectToldUnready(): Promise<void> {
  for (const { metadata } of await scene.appPods()) {
    const text = /Warning DependencyUnavailable .* orders-db: ConnectionRefused for \d+s$/m;
    await eventTold(on(`pod/${metadata.name}`), text);
  }
  const text =
    /Warning DependencyUnavailable .* orders-db: ConnectionRefused for \d+s, in all 2 pods$/m;
  await eventTold(on("healthpolicy/web"), text);
  await waitUntil({ what: "the column REASON", within: STATUS_FOLLOWS }, async () => {
    const columns = await scene.kubectl("get", "hpol", "web");
    return /^web +True +orders-db: ConnectionRefused +2\/2 +2 /m.test(columns);
  });
}

/** How many Events about dependencies each app pod has; at its start the database can be the slower one. */
async function toldSoFar(): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  for (const { metadata } of await scene.appPods()) {
    const events = await describedEvents(on(`pod/${metadata.name}`));
    told.set(metadata.name, events.match(/Dependency/g)?.length ?? 0);
  }
  return told;
}

async function expectToldReady(before: Map<string, number>): Promise<void> {
  const inAll = (name: string) => (before.get(name) ?? 0) + 2;
  for (const { metadata } of await scene.appPods()) {
    const what = `Events on the end of the fault of ${metadata.name}`;
    await waitUntil({ what, within: STATUS_FOLLOWS }, async () => {
      return ((await toldSoFar()).get(metadata.name) ?? 0) >= inAll(metadata.name);
    });
    const text = /Normal DependencyRecovered .* orders-db after (\d+m)?\d+s$/m;
    await eventTold(on(`pod/${metadata.name}`), text);
    // Once each: nothing of it is repeated.
    expect((await toldSoFar()).get(metadata.name)).toBe(inAll(metadata.name));
  }
  const text =
    /Normal DependencyRecovered .* orders-db keeps no pod unready any more, after (\d+m)?\d+s$/m;
  await eventTold(on("healthpolicy/web"), text);
  await waitUntil({ what: "the column REASON", within: STATUS_FOLLOWS }, async () =>
    /^web +True +Ready +2\/2 +0 /m.test(await scene.kubectl("get", "hpol", "web")),
  );
}

test("the default times promise 16 s to unready and 11 s to ready", () => {
  expect(scene.policy.status?.bounds).toStrictEqual({ unreadyWithin: "16s", readyWithin: "11s" });
  expect(promised(scene, "unreadyWithin")).toBe(16_000);
});

test("the sidecar holds no service account token", async () => {
  const [pod] = await scene.appPods();
  const sidecar = pod?.spec.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  const mounts = sidecar?.volumeMounts?.filter(
    ({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH,
  );
  expect(mounts?.map(({ name }) => name)).toStrictEqual([NO_TOKEN_VOLUME]);
  // The app's own container has its token, as ever: the test looks in the right place.
  const app = pod?.spec.containers[0]?.volumeMounts?.map(({ name }) => name);
  expect(app).toStrictEqual([expect.stringMatching(/^kube-api-access-/)]);
});

test(
  "pods leave the Service while the database has no endpoints, and come back with it",
  async () => {
    const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
    await rawConnectGives(database, "connected");
    const before = await toldSoFar();

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    const refused = await rawConnectGives(database, "refused");
    await noEndpoints(scene.namespace, "orders-db");
    await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });

    await expectToldUnready();
    await countsBecome(scene.namespace, {
      matched: 2,
      injected: 2,
      outdated: 0,
      unready: 2,
      summary: "2/2",
    });

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await scene.kubectl(
      "rollout",
      "status",
      "deployment/orders-db",
      `--timeout=${DEPENDENCY_RETURNS}ms`,
    );
    await expectReady(scene, await rawConnectGives(database, "connected"));
    await expectToldReady(before);
  },
  WHOLE_TEST,
);
