import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DryRunPod, dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl } from "./harness/kubectl.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import {
  askSecondApiServer,
  endSecondApiServer,
  startSecondApiServer,
} from "./harness/second-api-server.ts";
import { clientPod, smallPod } from "./harness/small-pod.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { API_SERVER_START, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-always-pull-images";

/** What the plugin alone makes of a pod that no policy selects; undefined where none is accepted. */
const pullPolicy = ({ containers }: DryRunPod) => containers[0]?.imagePullPolicy;
const unmatched = clientPod(NAMESPACE);

beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "always-pull-images.yaml");
  await startSecondApiServer("AlwaysPullImages");
  await waitUntil(
    { what: "the second API server", within: API_SERVER_START },
    async () => pullPolicy(await dryRunPod(unmatched, askSecondApiServer)) === "Always",
  );
}, WHOLE_TEST);

afterAll(async () => {
  await endSecondApiServer();
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

/** Not before an API server that has just started finds its way to the webhook: until then it injects nothing. */
function injectedOrRefused(): Promise<DryRunPod> {
  return waitFor({ what: "the webhook to be called", within: STATUS_FOLLOWS }, async () => {
    const answer = await dryRunPod(smallPod(NAMESPACE, "web"), askSecondApiServer);
    return answer.sidecars.length > 0 || answer.refusal.includes('pods "web" is ')
      ? answer
      : undefined;
  });
}

test(
  "under AlwaysPullImages a pod is accepted with one sidecar, which is always pulled",
  async () => {
    expect(pullPolicy(await dryRunPod(unmatched))).toBe("Never");
    const { refusal, sidecars } = await injectedOrRefused();
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([{ imagePullPolicy: "Always" }]);
  },
  WHOLE_TEST,
);
