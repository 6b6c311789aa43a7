import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { dryRunPod } from "../harness/dry-run-pod.ts";
import { kubectl } from "../harness/kubectl.ts";
import { freshNamespace } from "../harness/namespace.ts";
import { injectionCounts } from "../harness/operator.ts";
import { isInjected, type Pod } from "../harness/pods.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const PLAIN = "e2e-untouched-plain";
const REACHED = "e2e-untouched-reached";

beforeAll(async () => {
  await freshNamespace(PLAIN);
  await openPolicyNamespace(REACHED, "disruptive/untouched-namespaces.yaml");
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", PLAIN, REACHED, "--wait=false"]));

const total = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

test(
  "a pod in a namespace without a policy costs no replica a call",
  async () => {
    const before = await injectionCounts();
    expect(Object.keys(before)).toHaveLength(2);
    const pod: Pod = await created(unscheduledPod(PLAIN, "web"));
    expect(isInjected(pod)).toBe(false);
    expect(await injectionCounts()).toStrictEqual(before);

    // The counter can move: one in a namespace with a policy does cost a call.
    const reached: Pod = await created(unscheduledPod(REACHED, "web"));
    expect(isInjected(reached)).toBe(true);
    expect(total(await injectionCounts())).toBeGreaterThan(total(before));
  },
  WHOLE_TEST,
);

test.each(["kube-system", "kube-node-lease", "healthpolicy-system"])(
  "a policy in %s reaches no pod",
  async (namespace) => {
    const policy = {
      apiVersion: "healthpolicy.dev/v1alpha1",
      kind: "HealthPolicy",
      metadata: { name: "web", namespace },
      spec: {
        selector: { matchLabels: { app: "web" } },
        dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
      },
    };
    await created(policy);
    try {
      await kubectl([
        "wait",
        "healthpolicy/web",
        "-n",
        namespace,
        "--for=condition=Stalled",
        `--timeout=${STATUS_FOLLOWS}ms`,
      ]);
      const pod = unscheduledPod(namespace, "web-never-injected");
      expect(await dryRunPod(pod)).toMatchObject({ refusal: "", sidecars: [] });
    } finally {
      await kubectl(["delete", "healthpolicy", "web", "-n", namespace]);
    }
  },
  WHOLE_TEST,
);
