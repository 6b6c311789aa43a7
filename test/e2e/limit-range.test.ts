import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl } from "./harness/kubectl.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod } from "./harness/small-pod.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-limit-range";

beforeAll(() => openPolicyNamespace(NAMESPACE, "limit-range.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

test(
  "a pod is accepted with the sidecar and the namespace's bounds of ephemeral storage",
  async () => {
    const { refusal, sidecars } = await dryRunPod(smallPod(NAMESPACE, "web"));
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([
      {
        resources: {
          requests: { cpu: "5m", "ephemeral-storage": "64Mi" },
          limits: { "ephemeral-storage": "128Mi" },
        },
      },
    ]);
  },
  KUBECTL,
);
