/**
 * From the version of before to this one, back and up again, with running pods and a database that goes meanwhile. The
 * version of before is a commit: previous_commit in cluster/settings.sh.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { POLICY_FILE, SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { apiGetJson } from "../harness/api-get.ts";
import { noEndpoints } from "../harness/endpoints.ts";
import { expectReady, expectUnready } from "../harness/expect-readiness.ts";
import { hurryKubelets } from "../harness/hurry-kubelets.ts";
import { installChart } from "../harness/installed-chart.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { oldReplicasGone, WEBHOOK_SECRET } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { isReady, type Pod, restarts, sidecarReport } from "../harness/pods.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { countsBecome, getPolicy, policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { installPreviousVersion, preparePreviousVersion } from "../harness/previous-version.ts";
import { rawConnectGives } from "../harness/raw-connect.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { NUDGED, POD_STARTS, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

/** Between two pods that are created for their admission. */
const PACE = 500;
/** Where those are: in the scene they would count as pods of the app. */
const PODS = "e2e-upgrade-pods";

const missing = await preparePreviousVersion();
if (missing !== undefined) console.warn(`Upgrades are not tested. ${missing}`);
const testUpgrade = missing === undefined ? test : test.skip;

let scene: Scene;
beforeAll(async () => {
  await installPreviousVersion();
  await oldReplicasGone();
  scene = await openScene("disruptive/upgrade");
  await openPolicyNamespace(PODS, "disruptive/chart.yaml");
}, WHOLE_TEST);
afterAll(async () => {
  await installChart("upgrade");
  await kubectl(["delete", "namespace", PODS, "--wait=false", "--ignore-not-found"]);
  await scene?.close();
}, WHOLE_TEST);

const createPod = podMaker(PODS);
const createPaced = async () => {
  const pod = await createPod();
  await sleep(PACE);
  return pod;
};

/** Fails where one of the pods that are created during a change of the version misses its sidecar. */
async function noneMissed(version: string, change: () => Promise<unknown>): Promise<void> {
  const pods = await podsDuring(createPaced, async () => {
    await change();
    await oldReplicasGone();
  });
  const missed = pods.filter(({ injected }) => !injected).length;
  console.log(`${version}: ${missed} of ${pods.length} pods missed their sidecar`);
  expect(missed).toBe(0);
}

/** Waits until every pod of a Deployment is new and ready; a node that starts operators meanwhile is busy. */
function rolledOut(deployment: string): Promise<string> {
  const rollout = ["rollout", "status", `deployment/${deployment}`, "-n", scene.namespace];
  return kubectl([...rollout, `--timeout=${POD_STARTS}ms`], { timeout: POD_STARTS });
}

/** Takes the database away and gives it back; the app's pods go and come with it, and nothing is restarted. */
async function databaseGoesAndComes(): Promise<void> {
  const database = { namespace: scene.namespace, host: "orders-db", port: 5_432 };
  await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
  const refused = await rawConnectGives(database, "refused");
  await noEndpoints(scene.namespace, "orders-db");
  await expectUnready(scene, refused, { dependency: "orders-db", reason: "ConnectionRefused" });
  await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
  await rolledOut("orders-db");
  await expectReady(scene, await rawConnectGives(database, "connected"));
}

/** What an upgrade must leave as it is about pods. */
const standsAs = (pods: Pod[]) =>
  pods.map((pod) => `${pod.metadata.uid} ${restarts(pod)} ${isReady(pod)}`).toSorted();

interface StoredPolicies {
  items: { metadata: { name: string; uid: string; generation: number }; spec: object }[];
}

/** What people wrote. */
async function storedPolicies() {
  const { items } = await kubectlJson<StoredPolicies>("get", "hpol", "-n", scene.namespace);
  return items.map(({ metadata, spec }) => {
    const { name, uid, generation } = metadata;
    return { name, uid, generation, spec };
  });
}

async function policyFile(): Promise<object> {
  const path = `/api/v1/namespaces/${scene.namespace}/configmaps/healthpolicy-policy-web`;
  const { data } = await apiGetJson<{ data: Record<string, string> }>(path);
  return JSON.parse(data[POLICY_FILE] ?? "") as object;
}

async function names(kind: string): Promise<string[]> {
  const { items } = await kubectlJson<{ items: { metadata: { name: string } }[] }>("get", kind);
  return items.map(({ metadata }) => metadata.name).filter((name) => name.includes("healthpolic"));
}

interface Webhook {
  name: string;
  clientConfig: { caBundle?: string };
}

async function webhooks(): Promise<Webhook[]> {
  const configuration = ["mutatingwebhookconfiguration", "healthpolicy"];
  return (await kubectlJson<{ webhooks: Webhook[] }>("get", ...configuration)).webhooks;
}

/** Deletes the certificate's Secret, and waits until API servers trust the next one and pods are injected again. */
async function secretIsDeleted(): Promise<void> {
  await kubectl(["delete", ...WEBHOOK_SECRET]);
  await waitUntil({ what: "another authority to be trusted", within: STATUS_FOLLOWS }, async () => {
    const found = await kubectl(["get", ...WEBHOOK_SECRET, "-o", "json", "--ignore-not-found"]);
    const { data } = JSON.parse(found || "{}") as { data?: Record<string, string> };
    const authority = data?.["ca.crt"];
    const told = (await webhooks()).map(({ clientConfig }) => clientConfig.caBundle);
    return authority !== undefined && told.every((bundle) => bundle === authority);
  });
  await waitUntil(
    { what: "injection to go on", within: STATUS_FOLLOWS },
    async () => (await createPod()).injected,
  );
}

/** This version follows the policy `web`: its status and its policy file are of this version's form. */
async function thisVersionFollows(): Promise<void> {
  await waitUntil({ what: "a status of this version", within: STATUS_FOLLOWS }, async () => {
    const { status } = await getPolicy(scene.namespace, "web");
    return status?.effective?.timing.interval?.source !== undefined;
  });
  await policyProgrammed(scene.namespace, "web");
  await waitUntil({ what: "a policy file of this version", within: STATUS_FOLLOWS }, async () =>
    Object.hasOwn(await policyFile(), "formatVersion"),
  );
  expect(await webhooks()).toHaveLength(2);
  expect(await names("validatingadmissionpolicies")).toContain("healthpolicy-configmaps");
}

testUpgrade(
  "up: no pod misses its sidecar or is restarted, sidecars of before gate meanwhile and follow edits afterwards",
  async () => {
    const [pods, stored] = [standsAs(await scene.appPods()), await storedPolicies()];
    expect(await policyFile()).not.toHaveProperty("formatVersion");

    const upgrade = noneMissed("up", () => installChart("upgrade"));
    const fault = databaseGoesAndComes();
    // To the end of both: nothing may change the release while helm still works on it.
    await Promise.allSettled([upgrade, fault]);
    await Promise.all([upgrade, fault]);
    await thisVersionFollows();
    expect(await storedPolicies()).toStrictEqual(stored);
    expect(standsAs(await scene.appPods())).toStrictEqual(pods);
    await countsBecome(scene.namespace, { matched: 2, injected: 2, outdated: 2, unready: 0 });

    const edit = JSON.stringify({ spec: { timing: { interval: "4500ms" } } });
    await scene.kubectl("patch", "hpol", "web", "--type=merge", "-p", edit);
    await policyProgrammed(scene.namespace, "web");
    await waitUntil({ what: "the edit in sidecars of before", within: NUDGED }, async () => {
      await hurryKubelets(scene.namespace);
      const reports = await Promise.all((await scene.appPods()).map(sidecarReport));
      return reports.every((report) => report?.generation === 2 && report.ready);
    });
  },
  WHOLE_TEST,
);

testUpgrade(
  "down, after the certificate's Secret was deleted: new sidecars keep the policy that they can read, and gate",
  async () => {
    await secretIsDeleted();
    await scene.kubectl("rollout", "restart", "deployment/web");
    await rolledOut("web");
    await countsBecome(scene.namespace, { matched: 2, injected: 2, outdated: 0, unready: 0 });
    const [pods, stored] = [standsAs(await scene.appPods()), await storedPolicies()];

    await noneMissed("down", installPreviousVersion);
    await waitUntil({ what: "a policy file of before", within: STATUS_FOLLOWS }, async () => {
      return !Object.hasOwn(await policyFile(), "formatVersion");
    });
    expect(await webhooks()).toHaveLength(1);
    expect(await names("validatingadmissionpolicies")).toEqual([]);
    expect(await storedPolicies()).toStrictEqual(stored);

    await waitUntil({ what: "sidecars to refuse the file", within: NUDGED }, async () => {
      await hurryKubelets(scene.namespace);
      const logs = (await scene.appPods()).map(({ metadata }) =>
        scene.kubectl("logs", metadata.name, "-c", SIDECAR_CONTAINER),
      );
      return (await Promise.all(logs)).every((log) => log.includes("policy file ignored"));
    });
    await databaseGoesAndComes();
    expect(standsAs(await scene.appPods())).toStrictEqual(pods);
  },
  WHOLE_TEST,
);

testUpgrade(
  "up again: all is as it was before the way back, and pods run on",
  async () => {
    const [pods, stored] = [standsAs(await scene.appPods()), await storedPolicies()];
    await noneMissed("up again", () => installChart("upgrade"));
    await thisVersionFollows();
    expect(await storedPolicies()).toStrictEqual(stored);
    expect(standsAs(await scene.appPods())).toStrictEqual(pods);
    await countsBecome(scene.namespace, { matched: 2, injected: 2, outdated: 0, unready: 0 });
  },
  WHOLE_TEST,
);
