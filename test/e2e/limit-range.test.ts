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
          requests: { cpu: "5m", memory: "32Mi", "ephemeral-storage": "64Mi" },
          limits: { "ephemeral-storage": "128Mi" },
        },
      },
    ]);
  },
  KUBECTL,
);

/** A pod with resources for the whole of it, and one container with these. */
function podOf(resources: object, ofContainer: object = {}) {
  const pod = smallPod(NAMESPACE, "web");
  const containers = pod.spec.containers.map((one) => ({ ...one, resources: ofContainer }));
  return { ...pod, spec: { ...pod.spec, resources, containers } };
}

test(
  "a pod that asks for little more than its container gets filled in is accepted with the sidecar",
  async () => {
    const { refusal, sidecars } = await dryRunPod(podOf({ requests: { memory: "20Mi" } }));
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([
      { resources: { requests: { cpu: "5m", memory: "32Mi" }, limits: { memory: "64Mi" } } },
    ]);
  },
  KUBECTL,
);

test(
  "a pod with a limit of CPU for the whole of it leaves the sidecar its limit of memory",
  async () => {
    const app = { limits: { memory: "64Mi" } };
    const { refusal, sidecars } = await dryRunPod(podOf({ limits: { cpu: "1" } }, app));
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([{ resources: { limits: { cpu: "100m", memory: "64Mi" } } }]);
  },
  KUBECTL,
);

test(
  "a pod with less memory for the whole of it than the namespace gives a container is accepted with the sidecar",
  async () => {
    const app = { requests: { memory: "16Mi" }, limits: { memory: "48Mi" } };
    const { refusal, sidecars } = await dryRunPod(podOf({ limits: { memory: "60Mi" } }, app));
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([
      { resources: { requests: { memory: "32Mi" }, limits: { memory: "64Mi" } } },
    ]);
  },
  KUBECTL,
);
