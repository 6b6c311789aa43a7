/** Standards beside a policy that aligns, and in a namespace that is as young as its first pod. */
import { afterAll, expect, test } from "@jest/globals";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const ALIGNED = "e2e-align-denied";
const READY = "e2e-align-ready";
const YOUNG = ["e2e-align-young-1", "e2e-align-young-2", "e2e-align-young-3"];
const CEILING = "e2e-align-ceiling";
const FLOOR = "e2e-align-floor";

const tcpSocket = { port: 8_080 };

function podWith(namespace: string, readinessProbe: object) {
  const pod = unscheduledPod(namespace, "app");
  const containers = pod.spec.containers.map((container) => ({ ...container, readinessProbe }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

async function apply(...items: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  await kubectl(["apply", "-f", "-"], { input });
}

function standards(name: string, namespaces: string[], asked: object) {
  const names = { key: "kubernetes.io/metadata.name", operator: "In", values: namespaces };
  return {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "ClusterHealthPolicy",
    metadata: { name },
    spec: { namespaceSelector: { matchExpressions: [names] }, standards: asked },
  };
}

const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

afterAll(async () => {
  await kubectl(["delete", "clusterhealthpolicy", CEILING, FLOOR, "--ignore-not-found"]);
  const namespaces = [ALIGNED, READY, ...YOUNG];
  await kubectl(["delete", "namespace", ...namespaces, "--wait=false", "--ignore-not-found"]);
}, WHOLE_TEST);

test(
  "a pod that keeps to a standard with Deny is aligned, and not refused for it",
  async () => {
    await openPolicyNamespace(ALIGNED, "align.yaml");
    const spec = JSON.stringify({ spec: { application: { probes: "Align" } } });
    await kubectl(["patch", "healthpolicy", "web", "-n", ALIGNED, "--type=merge", "-p", spec]);
    await policyProgrammed(ALIGNED, "web");
    const readinessProbe = { maxPeriodSeconds: 3, timeoutWithinPeriod: true };
    await apply(standards(CEILING, [ALIGNED], { enforcement: "Deny", readinessProbe }));
    const made = (periodSeconds: number) =>
      dryRunPod(podWith(ALIGNED, { tcpSocket, periodSeconds }));
    await waitUntil({ what: "a longer period to be refused", within: STATUS_FOLLOWS }, async () => {
      const { refusal } = await made(4);
      return refusal.includes("write 3 or less");
    });
    // Both replicas have to know the standard; each of them is asked now and then.
    await waitUntil({ what: "a correct pod to be made", within: STATUS_FOLLOWS }, async () => {
      const tries = await Promise.all([2, 2, 2, 2, 2, 2].map(made));
      return tries.every(({ refusal }) => refusal === "");
    });
    const { containers, sidecars } = await made(2);
    expect(sidecars).toHaveLength(1);
    expect(containers[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 3, periodSeconds: 3 });
  },
  WHOLE_TEST,
);

test(
  "standards are applied to a pod that is created together with its namespace",
  async () => {
    await apply(namespace(READY));
    const readinessProbe = { minTimeoutSeconds: 4 };
    await apply(standards(FLOOR, [READY, ...YOUNG], { enforcement: "Apply", readinessProbe }));
    await waitUntil({ what: "the standard to be applied", within: STATUS_FOLLOWS }, async () => {
      const tries = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(() => dryRunPod(podWith(READY, { tcpSocket }))),
      );
      return tries.every(
        ({ containers }) =>
          (containers[0]?.readinessProbe as { timeoutSeconds?: number })?.timeoutSeconds === 4,
      );
    });
    for (const name of YOUNG) {
      await apply(namespace(name), podWith(name, { tcpSocket }));
      const pod = await kubectlJson<{ spec: { containers: object[] } }>(
        "get",
        "pod",
        "app",
        "-n",
        name,
      );
      expect(pod.spec.containers[0]).toMatchObject({ readinessProbe: { timeoutSeconds: 4 } });
    }
  },
  WHOLE_TEST,
);
