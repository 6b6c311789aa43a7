import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { helm, installChart } from "../harness/installed-chart.ts";
import { kubectl, kubectlJson, run, runOrThrow } from "../harness/kubectl.ts";
import { type ManagedObject, sharedFields } from "../harness/managed-fields.ts";
import { OPERATOR_NAMESPACE, operatorPods, WEBHOOK_SECRET } from "../harness/operator.ts";
import { isInjected, isReady, type Pod } from "../harness/pods.ts";
import { policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallPod, unscheduledPod } from "../harness/small-pod.ts";
import { staysTrue, waitUntil } from "../harness/wait-for.ts";
import {
  OPERATOR_ROLLOUT,
  POD_STARTS,
  STATUS_FOLLOWS,
  STAYS_ABSENT,
  WHOLE_TEST,
} from "../timeouts.ts";

const NAMESPACE = "e2e-chart";

const webhookExists = async () => {
  const { code, stderr } = await run("kubectl", [
    "get",
    "mutatingwebhookconfiguration",
    "healthpolicy",
  ]);
  if (code !== 0 && !stderr.includes("NotFound")) throw new Error(stderr);
  return code === 0;
};

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/chart.yaml"), WHOLE_TEST);
afterAll(async () => {
  const releases = await runOrThrow("helm", ["list", "-q", "-n", OPERATOR_NAMESPACE]);
  if (!releases.includes("healthpolicy")) await installChart("install");
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

test(
  "uninstalling takes the webhook along for good, and a Secret that the operator made anew, and pods still start",
  async () => {
    expect(await webhookExists()).toBe(true);
    await kubectl(["delete", ...WEBHOOK_SECRET]);
    await waitUntil({ what: "the Secret to be filled again", within: STATUS_FOLLOWS }, async () =>
      (await run("kubectl", ["get", ...WEBHOOK_SECRET, "-o", "jsonpath={.data}"])).stdout.includes(
        "tls.key",
      ),
    );
    await helm("uninstall", "healthpolicy");
    expect((await run("kubectl", ["get", ...WEBHOOK_SECRET])).stderr).toContain("NotFound");
    await waitUntil(
      { what: "the webhook configuration to go", within: STATUS_FOLLOWS },
      async () => !(await webhookExists()),
    );
    const pod: Pod = await created(smallPod(NAMESPACE, "after-uninstall"));
    expect(isInjected(pod)).toBe(false);
    const ready = ["wait", "pod/after-uninstall", "-n", NAMESPACE, "--for=condition=Ready"];
    await Promise.all([
      kubectl([...ready, `--timeout=${POD_STARTS}ms`], { timeout: 2 * POD_STARTS }),
      staysTrue("no webhook configuration", STAYS_ABSENT, async () => !(await webhookExists())),
    ]);
    // What people wrote survives: the CRD is kept, and with it every policy.
    await kubectl(["get", "healthpolicy", "web", "-n", NAMESPACE]);
  },
  WHOLE_TEST,
);

test(
  "installing with --wait gives an operator that injects",
  async () => {
    await installChart("install");
    expect((await operatorPods()).filter(isReady)).toHaveLength(2);
    await waitUntil({ what: "the webhook configuration", within: STATUS_FOLLOWS }, webhookExists);
    await waitUntil({ what: "a new pod to be injected", within: STATUS_FOLLOWS }, async () => {
      const name = `after-install-${Date.now()}`;
      return isInjected(await created(unscheduledPod(NAMESPACE, name)));
    });
  },
  WHOLE_TEST,
);

/** Everything that the chart or the operator writes, outside of users' namespaces. */
const KINDS = [
  "deployments,services,secrets,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies,leases",
  "clusterroles,clusterrolebindings,customresourcedefinitions,mutatingwebhookconfigurations",
];

async function managedObjects(): Promise<ManagedObject[]> {
  const lists = KINDS.map((kinds) =>
    kubectlJson<{ items: ManagedObject[] }>(
      "get",
      kinds,
      "-n",
      OPERATOR_NAMESPACE,
      "--show-managed-fields",
    ),
  );
  const items = (await Promise.all(lists)).flatMap((list) => list.items);
  return items.filter(({ metadata }) => metadata.name.includes("healthpolic"));
}

test(
  "two upgrades with changed values succeed, and no field has two managers",
  async () => {
    await installChart("upgrade", "replicaCount=3", "logLevel=debug");
    expect((await operatorPods()).filter(isReady)).toHaveLength(3);
    await installChart("upgrade", "replicaCount=2", "logLevel=info");
    const objects = await managedObjects();
    expect(objects.map((object) => object.kind)).toEqual(
      expect.arrayContaining([
        "Deployment",
        "Secret",
        "MutatingWebhookConfiguration",
        "ClusterRole",
      ]),
    );
    expect(objects.flatMap(sharedFields)).toStrictEqual([]);
    await policyProgrammed(NAMESPACE, "web");
    expect(isInjected(await created(unscheduledPod(NAMESPACE, "after-upgrades")))).toBe(true);
  },
  WHOLE_TEST,
);

test(
  "with the address of its node and other ports the operator injects, and proves it",
  async () => {
    const onNode = ["hostNetwork=true", "webhook.port=9543", "management.port=9544"];
    // One node, and so one replica: two would need the same ports.
    try {
      await installChart("upgrade", "replicaCount=1", ...onNode);
      await waitUntil({ what: "one replica", within: OPERATOR_ROLLOUT }, async () => {
        const pods = await operatorPods();
        return pods.length === 1 && pods.every(isReady);
      });
      await waitUntil({ what: "a new pod to be injected", within: STATUS_FOLLOWS }, async () =>
        isInjected(await created(unscheduledPod(NAMESPACE, `on-node-${Date.now()}`))),
      );
      // Kept from before, Programmed would be true whatever happens: a new generation has to be proven.
      const later = [{ op: "add", path: "/spec/timing", value: { interval: "6s" } }];
      await kubectl([
        ...["patch", "healthpolicy", "web", "-n", NAMESPACE],
        ...["--type=json", "-p", JSON.stringify(later)],
      ]);
      await policyProgrammed(NAMESPACE, "web");
    } finally {
      await installChart("upgrade");
    }
    expect((await operatorPods()).filter(isReady)).toHaveLength(2);
  },
  WHOLE_TEST,
);
