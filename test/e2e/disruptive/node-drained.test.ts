import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl, run } from "../harness/kubectl.ts";
import { watchLeastReady } from "../harness/least-ready.ts";
import { NODE, SECOND_NODE, SECOND_NODE_TAINT } from "../harness/node.ts";
import {
  injectionCounts,
  OPERATOR_NAMESPACE,
  OPERATOR_SELECTOR,
  oldReplicasGone,
  operatorPods,
  scaleOperator,
} from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { isReady, restarts } from "../harness/pods.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { NODE_DRAINED, OPERATOR_ROLLOUT, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-node-drained";

const taint = (change: string) =>
  kubectl(["taint", "node", SECOND_NODE, `${SECOND_NODE_TAINT}${change}`, "--overwrite"]);

/** Two replicas, both ready and on this node. */
async function bothOn(node: string): Promise<boolean> {
  const pods = await operatorPods();
  return pods.length === 2 && pods.every((pod) => isReady(pod) && pod.spec.nodeName === node);
}

const createPod = podMaker(NAMESPACE);

/** Has both replicas start on the second node, where the chart's own rules would put one. */
beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "disruptive/node-drained.yaml");
  await kubectl(["cordon", NODE]);
  await taint("-");
  await kubectl([
    "delete",
    "pods",
    "-n",
    OPERATOR_NAMESPACE,
    "-l",
    OPERATOR_SELECTOR,
    "--wait=false",
  ]);
  const what = "both replicas to be on the second node";
  await waitUntil({ what, within: OPERATOR_ROLLOUT }, () => bothOn(SECOND_NODE));
  await oldReplicasGone();
  await kubectl(["uncordon", NODE]);
}, WHOLE_TEST);
afterAll(async () => {
  await kubectl(["uncordon", NODE]);
  await taint(":NoSchedule");
  await kubectl(["uncordon", SECOND_NODE]);
  await scaleOperator(2);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

test(
  "a drain of the node of both replicas takes one after the other, and no pod misses its sidecar",
  async () => {
    const what = "a new pod to be injected";
    await waitUntil({ what, within: STATUS_FOLLOWS }, async () => (await createPod()).injected);
    const watch = await watchLeastReady(OPERATOR_NAMESPACE, "healthpolicy-operator");
    let said = "";
    const made = await podsDuring(createPod, async () => {
      const options = ["--ignore-daemonsets", "--delete-emptydir-data", "--force"];
      const drain = ["drain", SECOND_NODE, ...options, `--timeout=${NODE_DRAINED}ms`];
      const { code, stdout, stderr } = await run("kubectl", drain, { timeout: NODE_DRAINED });
      said = stdout + stderr;
      expect({ code, said }).toMatchObject({ code: 0 });
      const back = "both replicas to be on the first node";
      await waitUntil({ what: back, within: OPERATOR_ROLLOUT }, () => bothOn(NODE));
    });
    watch.stop();
    // The second eviction was refused until the first replica's successor was ready.
    expect(said).toContain("would violate the pod's disruption budget");
    expect(watch.least()).toBe(1);
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter(({ injected }) => !injected)).toStrictEqual([]);
    expect((await operatorPods()).map(restarts)).toStrictEqual([0, 0]);
    console.log(
      `${made.length} pods created meanwhile, ${JSON.stringify(await injectionCounts())}`,
    );
  },
  WHOLE_TEST,
);
