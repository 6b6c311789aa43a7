import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { countsBecome, getPolicy } from "./harness/policy.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-pod-leaves-policy";

const policy = {
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
  },
};

async function create(object: object): Promise<void> {
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(object) });
}

beforeAll(() => freshNamespace(NAMESPACE), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"]));

test(
  "a pod whose labels no longer match follows its policy still, and stays in its counts as outdated",
  async () => {
    await create(policy);
    await kubectl(
      [
        ...["wait", "healthpolicy/web", "-n", NAMESPACE, "--for=condition=Programmed"],
        `--timeout=${STATUS_FOLLOWS}ms`,
      ],
      { timeout: 2 * STATUS_FOLLOWS },
    );
    await create(unscheduledPod(NAMESPACE, "web"));
    await countsBecome(NAMESPACE, { matched: 1, injected: 1, outdated: 0, unready: 1 });
    await kubectl(["label", "pod", "web", "-n", NAMESPACE, "app=other", "--overwrite"]);
    await countsBecome(NAMESPACE, { matched: 0, injected: 0, outdated: 1, unready: 1 });
    const { status } = await getPolicy(NAMESPACE, "web");
    const current = status?.conditions?.find(({ type }) => type === "PodsCurrent");
    expect(current).toMatchObject({ status: "False", reason: "PodsOutdated" });
    await kubectl(["delete", "pod", "web", "-n", NAMESPACE, "--force", "--grace-period=0"]);
    await countsBecome(NAMESPACE, { matched: 0, outdated: 0, unready: 0 });
  },
  WHOLE_TEST,
);
