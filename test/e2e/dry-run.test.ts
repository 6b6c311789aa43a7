import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { METRICS_PATH, SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { dependencyUpEverywhere } from "./harness/dependency-up-everywhere.ts";
import { expectStaysReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { askSidecar, isReady, type Pod, sidecarReport } from "./harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { probeAnswer } from "./harness/probe-answer.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, SIDECARS_ASKED, WHOLE_TEST } from "./timeouts.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("dry-run");
}, WHOLE_TEST);
afterAll(() => scene?.close());

const DOWN = { dependency: "orders-db", reason: "ConnectionRefused" };
const database = () => ({ namespace: scene.namespace, host: "orders-db", port: 5_432 });

async function scaleDatabase(replicas: number): Promise<number> {
  await scene.kubectl("scale", "deployment/orders-db", `--replicas=${replicas}`);
  return rawConnectGives(database(), replicas === 0 ? "refused" : "connected");
}

/** The sidecar's words about the present fault, by report, probe, metrics and log. */
async function expectDryRunTold(pod: Pod): Promise<void> {
  const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(await sidecarReport(pod)).toMatchObject({
    ready: true,
    reason: "DryRun",
    wouldBeReady: false,
    dependencies: [
      { name: DOWN.dependency, gating: false, wouldGate: true, reason: DOWN.reason, since },
    ],
  });
  expect(await probeAnswer(pod)).toStrictEqual({
    status: 200,
    body: `DryRun\n${DOWN.dependency}: ${DOWN.reason}`,
  });
  const metrics = await askSidecar(pod, METRICS_PATH);
  expect(metrics).toContain("healthpolicy_pod_ready 1\n");
  expect(metrics).toContain("healthpolicy_dry_run_pod_ready 0\n");
  expect(metrics).toMatch(
    /^healthpolicy_dry_run_dependency_gates\{dependency="orders-db",.*\} 1$/m,
  );
  const log = await scene.kubectl("logs", pod.metadata.name, "-c", SIDECAR_CONTAINER);
  const turns = log.split("\n").filter((line) => line.includes("pod would not be ready"));
  expect(JSON.parse(turns.at(-1) ?? "{}")).toMatchObject({ dependencies: DOWN.dependency });
}

/** Waits until both pods have been asked and so many of them would be unready, and gives the policy's status. */
const wouldBeUnready = (pods: number) =>
  waitFor({ what: `${pods} pods that would be unready`, within: SIDECARS_ASKED }, async () => {
    const { status } = await getPolicy(scene.namespace, "web");
    const { wouldBeUnready, asked } = status?.pods ?? {};
    return asked === 2 && wouldBeUnready === pods ? status : undefined;
  });

/** The policy's word about the present fault. */
async function expectPolicyTells(pods: readonly Pod[]): Promise<void> {
  const status = await wouldBeUnready(pods.length);
  expect(status.pods).toMatchObject({ unknown: 0, unready: 0 });
  const reports = await Promise.all(pods.map(sidecarReport));
  const times = reports.map((report) => report?.dependencies[0]?.since ?? "");
  expect(status.dependencies).toStrictEqual([
    {
      name: DOWN.dependency,
      reason: DOWN.reason,
      failingPods: pods.length,
      since: times.sort()[0],
      examples: pods.map(({ metadata }) => metadata.name).sort(),
    },
  ]);
  expect(await wideColumn("WOULD-BE-UNREADY")).toBe(String(pods.length));
}

/** An enforced policy says why its pods are unready, and no more what a dry run would do. */
async function expectPolicyNamesReason(): Promise<void> {
  const all = (await scene.appPods()).length;
  const what = `${all} pods to be unready for the dependency`;
  await waitUntil({ what, within: SIDECARS_ASKED }, async () => {
    const { status } = await getPolicy(scene.namespace, "web");
    const [found] = status?.dependencies ?? [];
    return status?.pods?.unready === all && found?.failingPods === all;
  });
  const { status } = await getPolicy(scene.namespace, "web");
  expect(status?.dependencies).toMatchObject([{ name: DOWN.dependency, reason: DOWN.reason }]);
  expect(status?.pods).not.toHaveProperty("wouldBeUnready");
}

async function wideColumn(name: string): Promise<string | undefined> {
  const [head = "", row = ""] = (await scene.kubectl("get", "hpol", "web", "-o", "wide")).split(
    "\n",
  );
  const column = head.indexOf(name);
  expect(column).toBeGreaterThan(0);
  return row.slice(column).split(/\s/)[0];
}

test("kubectl shows that nothing is enforced", async () => {
  expect(condition(scene.policy, "Ready")).toMatchObject({ status: "True" });
  expect(await wideColumn("MODE")).toBe("DryRun");
  const fine = await wouldBeUnready(0);
  expect(fine.pods).toMatchObject({ unknown: 0, unready: 0 });
  expect(fine).not.toHaveProperty("dependencies");
});

test(
  "the policy's status names the pods that would be unready, the dependency and since when, until it is back",
  async () => {
    await rawConnectGives(database(), "connected");
    await scaleDatabase(0);
    await expectPolicyTells(await scene.appPods());
    await scaleDatabase(1);
    expect(await wouldBeUnready(0)).not.toHaveProperty("dependencies");
  },
  WHOLE_TEST,
);

test(
  "a fault is told and takes no pod out; nor does the edit to Enforce during it; the next fault does",
  async () => {
    await rawConnectGives(database(), "connected");
    const before = await scene.appPods();
    const isNew = (pod: Pod) => !before.some(({ metadata }) => metadata.uid === pod.metadata.uid);

    await scaleDatabase(0);
    await expectStaysReady(scene, DOWN, promised(scene, "unreadyWithin"));
    for (const pod of before) await expectDryRunTold(pod);

    await scene.kubectl("scale", "deployment/web", "--replicas=3");
    const newcomer = await waitFor(
      { what: "a new pod to be ready", within: POD_STARTS },
      async () => (await scene.appPods()).find((pod) => isNew(pod) && isReady(pod)),
    );
    expect(await sidecarReport(newcomer)).toMatchObject({ ready: true, wouldBeReady: false });

    const enforce = JSON.stringify({ spec: { mode: "Enforce" } });
    await scene.kubectl("patch", "healthpolicy", "web", "--type=merge", "-p", enforce);
    await policyProgrammed(scene.namespace, "web");
    await sidecarsFollow(scene);
    await staysTrue("all pods ready", 2 * promised(scene, "unreadyWithin"), async () =>
      (await scene.appPods()).every(isReady),
    );

    await scaleDatabase(1);
    await dependencyUpEverywhere(scene, "orders-db", POD_STARTS);
    await expectUnready(scene, await scaleDatabase(0), DOWN);
    await expectPolicyNamesReason();
  },
  WHOLE_TEST,
);
