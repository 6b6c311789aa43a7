import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { addAdmissionPlugin, restartNodeAgents, restoreApiServer } from "../harness/api-server.ts";
import { actAs, rights } from "../harness/as-account.ts";
import { type DryRunPod, dryRunPod } from "../harness/dry-run-pod.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallPod } from "../harness/small-pod.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import { API_SERVER_RESTART, OPERATOR_RECOVERS, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-admission-plugins";
const AFTERWARDS = `${NAMESPACE}-afterwards`;
const MANIFEST = "disruptive/admission-plugins.yaml";
/** Both at once, because each start of an API server takes a minute. */
const PLUGINS = "AlwaysPullImages,OwnerReferencesPermissionEnforcement";
const MAP = ["configmap", "healthpolicy-policy-web", "-n", NAMESPACE];

/** A pod that no policy selects: what the plugin alone makes of it. */
const unmatchedPod = () => {
  const pod = smallPod(NAMESPACE, "unmatched");
  return { ...pod, metadata: { ...pod.metadata, labels: { app: "unmatched" } } };
};

async function pullPolicyIs(policy: string): Promise<void> {
  const wait = { what: `the API server to pull ${policy}`, within: API_SERVER_RESTART };
  await waitUntil(wait, async () => {
    const { containers } = await dryRunPod(unmatchedPod());
    return containers[0]?.imagePullPolicy === policy;
  });
}

/** Not before the API server has found its way to the webhook again: until then it injects nothing. */
function injectedOrRefused(): Promise<DryRunPod> {
  return waitFor({ what: "the webhook to be called", within: STATUS_FOLLOWS }, async () => {
    const answer = await dryRunPod(smallPod(NAMESPACE, "web"));
    return answer.sidecars.length > 0 || answer.refusal.includes('pods "web" is ')
      ? answer
      : undefined;
  });
}

interface ConfigMap {
  metadata: { ownerReferences?: { uid: string }[] };
  data: Record<string, string>;
}

/** Applies the policy with another host, and resolves with its uid. */
async function applyWithHost(host: string): Promise<string> {
  const manifest = await readFile(join(import.meta.dirname, "..", MANIFEST), "utf8");
  const input = manifest.replace("host: cache", `host: ${host}`);
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

beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, MANIFEST);
  await pullPolicyIs("Never");
  await addAdmissionPlugin(PLUGINS);
  await pullPolicyIs("Always");
}, WHOLE_TEST);

afterAll(async () => {
  await restoreApiServer(PLUGINS);
  await pullPolicyIs("Never");
  await restartNodeAgents();
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
  // An API server that starts again costs the operator its watches: what follows must find them open.
  await openPolicyNamespace(AFTERWARDS, MANIFEST, OPERATOR_RECOVERS);
  await kubectl(["delete", "namespace", AFTERWARDS, "--wait=false"]);
}, WHOLE_TEST);

test(
  "under AlwaysPullImages a pod is accepted with one sidecar, which is always pulled",
  async () => {
    const { refusal, sidecars } = await injectedOrRefused();
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([{ imagePullPolicy: "Always" }]);
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
