import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { METRICS_PATH, SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { expectStaysReady, expectUnready, promised } from "./harness/expect-readiness.ts";
import { askSidecar, isReady, type Pod, sidecarReport } from "./harness/pods.ts";
import { condition, policyProgrammed } from "./harness/policy.ts";
import { probeAnswer } from "./harness/probe-answer.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { staysTrue, waitFor, waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

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

test("kubectl shows that nothing is enforced", async () => {
  expect(condition(scene.policy, "Ready")).toMatchObject({ status: "True" });
  const [head = "", row = ""] = (await scene.kubectl("get", "hpol", "web", "-o", "wide")).split(
    "\n",
  );
  const column = head.indexOf("MODE");
  expect(column).toBeGreaterThan(0);
  expect(row.slice(column).split(/\s/)[0]).toBe("DryRun");
});

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
    await waitUntil({ what: "every sidecar to find it up", within: POD_STARTS }, async () => {
      const reports = await Promise.all((await scene.appPods()).map(sidecarReport));
      return reports.every((report) => report?.dependencies[0]?.up === true);
    });
    await expectUnready(scene, await scaleDatabase(0), DOWN);
  },
  WHOLE_TEST,
);
