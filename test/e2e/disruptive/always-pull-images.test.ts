import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { addAdmissionPlugin, restartNodeAgents, restoreApiServer } from "../harness/api-server.ts";
import { type DryRunPod, dryRunPod } from "../harness/dry-run-pod.ts";
import { kubectl } from "../harness/kubectl.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallPod } from "../harness/small-pod.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import { API_SERVER_RESTART, OPERATOR_RECOVERS, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-always-pull-images";
const AFTERWARDS = `${NAMESPACE}-afterwards`;
const MANIFEST = "disruptive/always-pull-images.yaml";
const PLUGIN = "AlwaysPullImages";

beforeAll(() => openPolicyNamespace(NAMESPACE, MANIFEST), WHOLE_TEST);
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
  // An API server that starts again costs the operator its watches: what follows must find them open.
  await openPolicyNamespace(AFTERWARDS, MANIFEST, OPERATOR_RECOVERS);
  await kubectl(["delete", "namespace", AFTERWARDS, "--wait=false"]);
}, WHOLE_TEST);

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

test(
  "under the admission plugin AlwaysPullImages a pod is accepted with one sidecar, which is always pulled",
  async () => {
    await pullPolicyIs("Never");
    try {
      await addAdmissionPlugin(PLUGIN);
      await pullPolicyIs("Always");
      const { refusal, sidecars } = await injectedOrRefused();
      expect(refusal).toBe("");
      expect(sidecars).toMatchObject([{ imagePullPolicy: "Always" }]);
    } finally {
      await restoreApiServer(PLUGIN);
      await pullPolicyIs("Never");
      await restartNodeAgents();
    }
  },
  WHOLE_TEST,
);
