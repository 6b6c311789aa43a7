import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { restartNodeAgents, withoutApiServer } from "../harness/api-server.ts";
import { actAs, rights } from "../harness/as-account.ts";
import { withDropRule } from "../harness/drop-rule.ts";
import { promised } from "../harness/expect-readiness.ts";
import { containerId, probeStatus, rawConnectFrom } from "../harness/from-node.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, OPERATOR_SELECTOR } from "../harness/operator.ts";
import { isReady, type Pod, readySince, restarts, standing } from "../harness/pods.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { staysTrue, waitUntil } from "../harness/wait-for.ts";
import {
  API_SERVER_AWAY,
  CONTROLLERS_RETURN,
  FAULT_VISIBLE,
  OPERATOR_RECOVERS,
  STAYS_READY,
  TWO_PROBES,
  WEBHOOK_WRITTEN_AGAIN,
  WHOLE_TEST,
} from "../timeouts.ts";

const NAMESPACE = "e2e-api-server-restarted";
const AFTERWARDS = `${NAMESPACE}-afterwards`;
const MANIFEST = "disruptive/api-server-restarted.yaml";
/** OpenShift turns it on, and kind does not. It stays: nothing of ours may do what it forbids. */
const PLUGIN = "OwnerReferencesPermissionEnforcement";
const CACHE = { host: "sessions", port: 11_211 };
const MAP = ["configmap", "healthpolicy-policy-web", "-n", NAMESPACE];

interface Owned {
  metadata: { ownerReferences?: { kind: string; name: string; uid: string }[] };
}

interface ConfigMap extends Owned {
  data: Record<string, string>;
}

/** Applies the policy with another host, and resolves with its uid. */
async function applyWithHost(host: string): Promise<string> {
  const manifest = await readFile(join(import.meta.dirname, "..", MANIFEST), "utf8");
  const input = manifest.replace("{ host: sessions }", `{ host: ${host} }`);
  await kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input });
  const policy = await kubectlJson<{ metadata: { uid: string } }>(
    "get",
    "healthpolicy",
    "web",
    "-n",
    NAMESPACE,
  );
  return policy.metadata.uid;
}

let scene: Scene;
beforeAll(async () => {
  scene = await openScene("disruptive/api-server-restarted");
}, WHOLE_TEST);
// Without a look at the twin: the kubelet was started again, and asks all pods anew.
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const operators = () => standing(OPERATOR_NAMESPACE, OPERATOR_SELECTOR);
/** Whether each sidecar answers its kubelet so. */
const allAnswer = async (pods: Pod[], wanted: number) =>
  (await Promise.all(pods.map(probeStatus))).every((status) => status === wanted);

async function clusterIp(): Promise<string> {
  const service = ["get", "service", CACHE.host, "-n", NAMESPACE];
  return (await kubectlJson<{ spec: { clusterIP: string } }>(...service)).spec.clusterIP;
}

/** Loses the cache until every sidecar has said so for a while, then waits until all are ready again. */
async function loseCache(pods: Pod[], client: string, match: readonly string[]): Promise<void> {
  await withDropRule({ table: "raw", chain: "PREROUTING", match }, async () => {
    await waitUntil({ what: "a raw connect to time out", within: FAULT_VISIBLE }, async () => {
      return (await rawConnectFrom(client, CACHE)) === "timeout";
    });
    const unready = promised(scene, "unreadyWithin");
    await waitUntil({ what: "sidecars to be unready", within: unready }, () =>
      allAnswer(pods, 503),
    );
    // Nobody tells what the kubelet has seen until there is an API server again.
    await sleep(TWO_PROBES);
  });
  const ready = promised(scene, "readyWithin");
  await waitUntil({ what: "sidecars to be ready", within: ready }, () => allAnswer(pods, 200));
  await sleep(TWO_PROBES);
}

test(
  "while no API server runs for a minute sidecars and kubelet see a cache go and come, and nothing else turns",
  async () => {
    const pods = await scene.appPods();
    const replicas = await operators();
    const client = await containerId(NAMESPACE, "client");
    const match = ["-p", "tcp", "-d", await clusterIp(), "--dport", String(CACHE.port)];
    let gone = 0;
    let back = 0;
    await withoutApiServer(PLUGIN, async () => {
      gone = Date.now();
      await staysTrue("sidecars ready", STAYS_READY, () => allAnswer(pods, 200));
      await loseCache(pods, client, match);
      await sleep(API_SERVER_AWAY - (Date.now() - gone));
      back = Date.now();
    });
    console.log(`${back - gone} ms without an API server, and ${Date.now() - back} for its start`);
    const turned = async () =>
      (await scene.appPods()).map((pod) => Date.parse(readySince(pod) ?? ""));
    const what = "the kubelet to tell when the pods were unready and ready";
    await waitUntil({ what, within: CONTROLLERS_RETURN }, async () =>
      (await turned()).every((at) => at > gone + STAYS_READY && at < back),
    );
    expect((await scene.appPods()).every(isReady)).toBe(true);
    expect((await scene.appPods()).map(restarts)).toStrictEqual([0, 0]);
    await scene.twinUntouched();
    expect(await operators()).toStrictEqual(replicas);
    await restartNodeAgents();
  },
  WHOLE_TEST,
);

test(
  "an API server that starts again costs the operator its watches, and it opens them again",
  async () => {
    await openPolicyNamespace(AFTERWARDS, MANIFEST, OPERATOR_RECOVERS);
    await kubectl(["delete", "namespace", AFTERWARDS, "--wait=false"]);
  },
  WHOLE_TEST,
);

test(
  "under OwnerReferencesPermissionEnforcement a ConfigMap that was orphaned becomes the next policy's",
  async () => {
    // The plugin is there: who may not delete an object may not change its owner.
    const rules = [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch"] },
    ];
    const input = JSON.stringify(rights(NAMESPACE, "configmaps", { user: "bob", rules }));
    await kubectl(["apply", "-f", "-"], { input });
    const { metadata } = await kubectlJson<{ metadata: { uid: string } }>("get", ...MAP);
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: metadata.uid };
    const patch = JSON.stringify({ metadata: { ownerReferences: [owner] } });
    const change = ["patch", "configmap", "kube-root-ca.crt", "--type=merge", "-p", patch];
    const { stderr } = await actAs("bob", change, { namespace: NAMESPACE });
    expect(stderr).toContain("cannot set an ownerRef on a resource you can't delete");

    const remove = ["delete", "healthpolicy", "web", "-n", NAMESPACE, "--cascade=orphan"];
    // The controller manager starts again with the API server, and takes the owner out.
    const timeout = OPERATOR_RECOVERS;
    await kubectl([...remove, `--timeout=${timeout}ms`], { timeout });
    expect((await kubectlJson<ConfigMap>("get", ...MAP)).metadata.ownerReferences).toBeUndefined();
    const uid = await applyWithHost("another-cache");
    await policyProgrammed(NAMESPACE, "web", OPERATOR_RECOVERS);
    const stored = await kubectlJson<ConfigMap>("get", ...MAP);
    expect(stored.metadata.ownerReferences).toMatchObject([{ uid }]);
    expect(stored.data["policy.json"]).toContain("another-cache");
  },
  WHOLE_TEST,
);

test(
  "under OwnerReferencesPermissionEnforcement the webhook configuration gets its owner back",
  async () => {
    const configuration = ["mutatingwebhookconfiguration", "healthpolicy"];
    const owners = async () =>
      (await kubectlJson<Owned>("get", ...configuration)).metadata.ownerReferences;
    // As a restore does that drops owners, or `helm uninstall --cascade orphan`.
    const patch = JSON.stringify([{ op: "remove", path: "/metadata/ownerReferences" }]);
    await kubectl(["patch", ...configuration, "--type=json", "-p", patch]);
    expect(await owners()).toBeUndefined();
    const what = "the operator to give its configuration an owner";
    const within = WEBHOOK_WRITTEN_AGAIN;
    await waitUntil({ what, within }, async () => (await owners()) !== undefined);
    expect(await owners()).toMatchObject([{ kind: "ClusterRole", name: "healthpolicy-operator" }]);
  },
  WHOLE_TEST,
);
