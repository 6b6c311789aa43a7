import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl, kubectlJson, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { isInjected } from "./harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { CONFIGMAP_TRIED_AGAIN, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-configmap-refused";
const MAP = ["configmap", "healthpolicy-policy-web", "-n", NAMESPACE];

beforeAll(() => freshNamespace(NAMESPACE), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

function reasonBecomes(reason: string): Promise<void> {
  return waitUntil({ what: reason, within: STATUS_FOLLOWS }, async () => {
    const policy = await getPolicy(NAMESPACE, "web");
    return condition(policy, "Programmed")?.reason === reason;
  });
}

let pods = 0;
/** API servers keep several connections, and so several replicas are asked. */
async function nextPodsAreInjected(): Promise<boolean[]> {
  const injected = [];
  for (let count = 0; count < 10; count += 1) {
    pods += 1;
    injected.push(isInjected(await created(unscheduledPod(NAMESPACE, `web-${pods}`))));
  }
  return [...new Set(injected)];
}

test(
  "a quota without room for the ConfigMap: the policy says so, and no pod waits for it; with room, pods are injected",
  async () => {
    // kube-root-ca.crt takes the one that there is room for.
    await waitUntil({ what: "kube-root-ca.crt", within: STATUS_FOLLOWS }, async () => {
      const { code } = await run("kubectl", [
        "get",
        "configmap",
        "kube-root-ca.crt",
        "-n",
        NAMESPACE,
      ]);
      return code === 0;
    });
    await kubectl(["create", "quota", "q", "--hard=count/configmaps=1", "-n", NAMESPACE]);
    await waitUntil({ what: "the quota to count", within: STATUS_FOLLOWS }, async () => {
      const { status } = await kubectlJson<{ status?: { used?: Record<string, string> } }>(
        "get",
        "quota",
        "q",
        "-n",
        NAMESPACE,
      );
      return status?.used?.["count/configmaps"] === "1";
    });
    const input = await readFile(join(import.meta.dirname, "configmap-refused.yaml"), "utf8");
    await kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input });

    await reasonBecomes("ConfigMapRefused");
    const { message } = condition(await getPolicy(NAMESPACE, "web"), "Programmed") ?? {};
    expect(message).toContain(
      "The API server refuses ConfigMap healthpolicy-policy-web with 403 Forbidden.",
    );
    await waitUntil({ what: "pods without the sidecar", within: STATUS_FOLLOWS }, async () => {
      return !(await nextPodsAreInjected()).includes(true);
    });

    const room = [
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { hard: { "count/configmaps": 2 } } }),
    ];
    await kubectl(["patch", "quota", "q", "-n", NAMESPACE, ...room]);
    await policyProgrammed(NAMESPACE, "web", CONFIGMAP_TRIED_AGAIN);
    expect((await run("kubectl", ["get", ...MAP])).code).toBe(0);
    expect(await nextPodsAreInjected()).toStrictEqual([true]);
  },
  WHOLE_TEST,
);
