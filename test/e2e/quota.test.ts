import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-quota";

interface Quota {
  status?: { used?: Record<string, string> };
}

beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "quota.yaml");
  await waitUntil({ what: "the quota to count", within: STATUS_FOLLOWS }, async () => {
    const { status } = await kubectlJson<Quota>("get", "quota", "bounds", "-n", NAMESPACE);
    return status?.used?.["limits.cpu"] === "0";
  });
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** A pod whose container states all that the quota counts, with this limit of CPU, or all but that. */
function podWithLimit(cpu?: string) {
  const pod = smallPod(NAMESPACE, "web");
  const resources = {
    requests: { cpu: "10m", memory: "32Mi" },
    limits: { memory: "64Mi", ...(cpu && { cpu }) },
  };
  const containers = pod.spec.containers.map((one) => ({ ...one, resources }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

test(
  "under a quota that counts limits a pod that states its own is accepted, since the sidecar states all of them",
  async () => {
    // The quota counts: who states none is refused.
    expect((await dryRunPod(podWithLimit())).refusal).toContain("must specify limits.cpu for: app");
    expect(await dryRunPod(podWithLimit("50m"))).toMatchObject({
      refusal: "",
      sidecars: [{ resources: { limits: { cpu: "100m", memory: "64Mi" } } }],
    });
  },
  KUBECTL,
);

test(
  "a quota with room for the app alone refuses the pod with the sidecar's share, and the sentence says so",
  async () => {
    const { refusal } = await dryRunPod(podWithLimit("60m"));
    expect(refusal).toContain(
      "exceeded quota: bounds, requested: limits.cpu=160m, used: limits.cpu=0, limited: limits.cpu=150m",
    );
  },
  KUBECTL,
);
