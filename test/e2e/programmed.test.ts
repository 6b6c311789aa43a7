import { afterAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { operatorPods } from "./harness/operator.ts";
import { isInjected, isReady } from "./harness/pods.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

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

/** How many namespaces are set up side by side. */
const AT_ONCE = 4;

/**
 * In one namespace after the other: a policy, and as soon as a watch says Programmed, a pod. Gives for
 * each whether that pod carries the sidecar.
 */
async function injectedInTurn(namespaces: string[]): Promise<boolean[]> {
  const injected: boolean[] = [];
  for (const namespace of namespaces) {
    await created({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await created(policy(namespace));
    const wait = ["wait", "healthpolicy/web", "-n", namespace, "--for=condition=Programmed"];
    await kubectl([...wait, `--timeout=${STATUS_FOLLOWS}ms`], { timeout: 2 * STATUS_FOLLOWS });
    injected.push(isInjected(await created(unscheduledPod(namespace, "web"))));
  }
  return injected;
}

test(
  "a pod created at once after Programmed is injected, 20 times of 20 with two replicas",
  async () => {
    expect((await operatorPods()).filter(isReady)).toHaveLength(2);
    const chains = Array.from({ length: AT_ONCE }, (_, chain) =>
      injectedInTurn(NAMESPACES.filter((_name, index) => index % AT_ONCE === chain)),
    );
    const injected = (await Promise.all(chains)).flat();
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
      `--timeout=${STATUS_FOLLOWS}ms`,
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
