/**
 * examples/django without a policy, then its pods' successors with it: the same faults, the same visitors. What is
 * counted on the way is printed; the README of the example has the figures of such a run.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { askApp, type Visits } from "./harness/ask-app.ts";
import { withBlackHole } from "./harness/black-hole.ts";
import { noEndpoints } from "./harness/endpoints.ts";
import { type Example, givePolicy, openExample } from "./harness/example.ts";
import { expectReady, expectUnready } from "./harness/expect-readiness.ts";
import { isReady, restarts } from "./harness/pods.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import type { Scene } from "./harness/scene.ts";
import { staysTrue, waitUntil } from "./harness/wait-for.ts";
import { APP_RESTARTED, POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

let example: Example;
beforeAll(async () => {
  example = await openExample("django");
}, WHOLE_TEST);
afterAll(() => example?.close(), WHOLE_TEST);

/** A node's kernel refuses for a Service without endpoints about once a second and client; the rest wait. */
const FEW = { perSecond: 1, seconds: 30 };
/** More than the four workers answer while each visit waits 3 s for a connect. */
const MANY = { perSecond: 2, seconds: 60 };

const at = (host: string, port: number) => ({ namespace: example.namespace, host, port });
const orders = () => at("orders-db", 5_432);
const catalogue = () => at("catalogue-db", 3_306);
const visitors = (pace: typeof FEW) => askApp({ namespace: example.namespace, ...pace });
const restartsNow = async () => (await example.appPods()).map(restarts);
const bothReady = async () => {
  const pods = await example.appPods();
  return pods.length === 2 && pods.every(isReady);
};

/** Every visit succeeds, as soon as the app is quick enough on a busy machine. */
async function served(): Promise<void> {
  await waitUntil({ what: "six visits that all succeed", within: POD_STARTS }, async () => {
    const { 200: succeeded } = await visitors({ perSecond: 2, seconds: 3 });
    return succeeded === 6;
  });
}

/** Counts the visits while something happens, and prints them with the restarts until then. */
async function whileVisited(
  what: string,
  pace: typeof FEW,
  during: () => Promise<unknown>,
): Promise<Visits> {
  const [visits] = await Promise.all([visitors(pace), during()]);
  const figures = JSON.stringify({ ...visits, restarts: await restartsNow() });
  console.log(`examples/django, ${what}, ${pace.seconds} s: ${figures}`);
  return visits;
}

/** Takes the database's pods out of its Service while `during` runs. They go on running, with their data. */
async function withoutEndpoints(service: string, during: () => Promise<void>): Promise<void> {
  const select = (app: string) => {
    const patch = JSON.stringify({ spec: { selector: { app } } });
    return example.kubectl("patch", "service", service, "-p", patch);
  };
  await select("nobody");
  try {
    await noEndpoints(example.namespace, service);
    await during();
  } finally {
    await select(service);
  }
}

const withBlackHoleBeforeCatalogue = (during: () => Promise<void>) =>
  withBlackHole({ namespace: example.namespace, service: "catalogue-db", port: 3_306 }, during);

/** Milliseconds from the first lost connect to the first restart, without a policy. */
let firstRestart = Number.NaN;

describe("without a policy", () => {
  test(
    "a database without endpoints: both pods stay ready, and every page is an error",
    async () => {
      await served();
      await withoutEndpoints("orders-db", async () => {
        await rawConnectGives(orders(), "refused");
        const visits = await whileVisited("no policy, no endpoints", FEW, () =>
          staysTrue("both pods ready", FEW.seconds * 1_000, bothReady),
        );
        expect(visits).toMatchObject({ 200: 0, 500: FEW.seconds * FEW.perSecond });
      });
      await rawConnectGives(orders(), "connected");
      await served();
      expect(await restartsNow()).toStrictEqual([0, 0]);
    },
    WHOLE_TEST,
  );

  test(
    "a black hole before a database: the workers wait, liveness fails, and the app is restarted",
    async () => {
      await withBlackHoleBeforeCatalogue(async () => {
        const dropped = await rawConnectGives(catalogue(), "timeout");
        const visits = await whileVisited("no policy, black hole", MANY, async () => {
          const wait = { what: "a container to be restarted", within: APP_RESTARTED };
          await waitUntil(wait, async () => (await restartsNow()).some((count) => count > 0));
          firstRestart = performance.now() - dropped;
        });
        expect(visits[200]).toBe(0);
      });
      console.log(`examples/django, no policy: restarted after ${Math.round(firstRestart)} ms`);
      const events = await example.kubectl("get", "events", "-o", "yaml");
      expect(events).toContain("Container web failed liveness probe, will be restarted");
      await rawConnectGives(catalogue(), "connected");
      await waitUntil({ what: "both pods to be ready", within: POD_STARTS }, bothReady);
    },
    WHOLE_TEST,
  );
});

describe("with its policy", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await givePolicy(example);
  }, WHOLE_TEST);

  test(
    "a database without endpoints: both pods leave the Service in time, and come back with it",
    async () => {
      await served();
      await withoutEndpoints("orders-db", async () => {
        const refused = await rawConnectGives(orders(), "refused");
        const failure = { dependency: "orders-db", reason: "ConnectionRefused" };
        const visits = await whileVisited("policy, no endpoints", FEW, () =>
          expectUnready(scene, refused, failure),
        );
        expect(visits).toMatchObject({ 200: 0, timeout: 0 });
        // On a busy machine the first visit may come when both are out of the Service already.
        expect(visits.refused).toBeGreaterThan(0);
        await rawConnectGives(at("web", 80), "refused");
      });
      await expectReady(scene, await rawConnectGives(orders(), "connected"));
      await served();
    },
    WHOLE_TEST,
  );

  test(
    "a black hole: unready in time, and nothing is restarted although it lasts longer than before",
    async () => {
      await withBlackHoleBeforeCatalogue(async () => {
        const dropped = await rawConnectGives(catalogue(), "timeout");
        const failure = { dependency: "catalogue-db", reason: "ConnectTimeout" };
        const visits = await whileVisited("policy, black hole", MANY, () =>
          expectUnready(scene, dropped, failure),
        );
        expect(visits[200]).toBe(0);
        expect(visits.refused).toBeGreaterThan(0);
        await rawConnectGives(at("web", 80), "refused");
        const wait = { what: "the moment of the restart before", within: APP_RESTARTED };
        await waitUntil(wait, async () => performance.now() - dropped > firstRestart);
        expect(await restartsNow()).toStrictEqual([0, 0]);
      });
      await expectReady(scene, await rawConnectGives(catalogue(), "connected"));
      await served();
    },
    WHOLE_TEST,
  );
});
