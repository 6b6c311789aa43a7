import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiServerStart, restartApiServerWith, restartNodeAgents } from "../harness/api-server.ts";
import { actAs, rights } from "../harness/as-account.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { API_SERVER_START, OPERATOR_RECOVERS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-api-server-restarted";
const AFTERWARDS = `${NAMESPACE}-afterwards`;
const MANIFEST = "disruptive/api-server-restarted.yaml";
/** OpenShift turns it on, and kind does not. It stays: nothing of ours may do what it forbids. */
const PLUGIN = "OwnerReferencesPermissionEnforcement";
const MAP = ["configmap", "healthpolicy-policy-web", "-n", NAMESPACE];

/** False also while no API server answers. */
async function startedAfter(before: number): Promise<boolean> {
  try {
    return (await apiServerStart()) > before;
  } catch {
    return false;
  }
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
  const before = await apiServerStart();
  await restartApiServerWith(PLUGIN);
  const wait = { what: "the API server to start again", within: API_SERVER_START };
  await waitUntil(wait, () => startedAfter(before));
  await restartNodeAgents();
}, WHOLE_TEST);

afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

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
