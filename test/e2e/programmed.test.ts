import { afterAll, expect, test } from "@jest/globals";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { operatorPods } from "./harness/operator.ts";
import { isInjected, isReady, type Pod } from "./harness/pods.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { WHOLE_TEST } from "./timeouts.ts";

const NAMESPACES = Array.from({ length: 20 }, (_, index) => `e2e-programmed-${index}`);

afterAll(() =>
  kubectl(["delete", "namespace", ...NAMESPACES, "--wait=false", "--ignore-not-found"]),
);

const policy = (namespace: string) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
  },
});

const create = async (object: object): Promise<Pod> =>
  JSON.parse(await kubectl(["create", "-o", "json", "-f", "-"], { input: JSON.stringify(object) }));

test(
  "a pod created at once after Programmed is injected, 20 times of 20 with two replicas",
  async () => {
    expect((await operatorPods()).filter(isReady)).toHaveLength(2);
    const injected: boolean[] = [];
    for (const namespace of NAMESPACES) {
      await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      await create(policy(namespace));
      await policyProgrammed(namespace, "web");
      injected.push(isInjected(await create(unscheduledPod(namespace, "web"))));
    }
    expect(injected.filter(Boolean)).toHaveLength(NAMESPACES.length);
  },
  WHOLE_TEST,
);

test(
  "a policy without pods is Ready with reason NoPods, and its ConfigMap exists",
  async () => {
    const namespace = NAMESPACES[0] ?? "";
    await kubectl([
      "delete",
      "pod",
      "web",
      "-n",
      namespace,
      "--ignore-not-found",
      "--grace-period=0",
      "--force",
    ]);
    await kubectl([
      "wait",
      "healthpolicy/web",
      "-n",
      namespace,
      "--for=jsonpath={.status.conditions[?(@.type=='Ready')].reason}=NoPods",
      "--timeout=25s",
    ]);
    const map = await kubectlJson<{ data: Record<string, string> }>(
      "get",
      "configmap",
      "healthpolicy-policy-web",
      "-n",
      namespace,
    );
    expect(JSON.parse(map.data["policy.json"] ?? "")).toMatchObject({
      policy: "web",
      generation: 1,
    });
  },
  WHOLE_TEST,
);
