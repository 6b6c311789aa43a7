import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { attackOperator } from "../harness/attack-operator.ts";
import { dryRunPod } from "../harness/dry-run-pod.ts";
import { kubectl } from "../harness/kubectl.ts";
import { operatorPods } from "../harness/operator.ts";
import { isReady, readySince, restarts } from "../harness/pods.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallPod, unscheduledPod } from "../harness/small-pod.ts";
import { ATTACK_SHOWS, POD_STARTS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-operator-attacked";

let atFirst: Awaited<ReturnType<typeof replicas>>;
beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "disruptive/operator-attacked.yaml");
  atFirst = await replicas();
  expect(atFirst.map(({ ready }) => ready)).toStrictEqual([true, true]);
  const { metadata, ...client } = smallPod(NAMESPACE, "client");
  const plain = { ...client, metadata: { ...metadata, labels: {} } };
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(plain) });
  await kubectl(
    ["wait", "pod/client", "-n", NAMESPACE, "--for=condition=Ready", `--timeout=${POD_STARTS}ms`],
    { timeout: POD_STARTS },
  );
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** What must not change about the operator's replicas, however they are attacked. */
async function replicas() {
  const pods = await operatorPods();
  return pods.map((pod) => ({
    name: pod.metadata.name,
    ready: isReady(pod),
    since: readySince(pod),
    restarts: restarts(pod),
  }));
}

/** Whether a pod that is created now gets the sidecar. */
async function nextIsInjected(): Promise<boolean> {
  return (await dryRunPod(unscheduledPod(NAMESPACE, "web"))).sidecars.length === 1;
}

/** Creates one pod after the other until `end`. */
async function createUntil(end: Promise<unknown>) {
  let over = false;
  const ended = end.finally(() => {
    over = true;
  });
  const created: { injected: boolean; took: number }[] = [];
  while (!over) {
    const begun = performance.now();
    created.push({ injected: await nextIsInjected(), took: performance.now() - begun });
  }
  await ended;
  return created;
}

test.each([
  // A structure that a pod may have is answered, another one refused.
  ["annotations", "200"],
  ["initContainers", "200"],
  ["objects", "400"],
  ["lists", "400"],
  ["members", "400"],
  ["nesting", "400"],
  ["unread", "closed"],
  ["pipelined", "closed"],
  ["pipelinedMetrics", "closed"],
  ["hellos", "closed"],
  ["idleWebhook", "connected"],
  ["idleManagement", "connected"],
])(
  "who reaches the operator's ports can neither end it nor keep pods from being injected: %s",
  async (mode, outcome) => {
    const attacks = (await operatorPods()).map((replica) =>
      attackOperator(replica, { namespace: NAMESPACE, mode }),
    );
    const created = await createUntil(Promise.all(attacks));
    const outcomes = await Promise.all(attacks);

    const slowest = Math.round(Math.max(...created.map(({ took }) => took)));
    console.log(`${mode}: ${created.length} pods, slowest ${slowest} ms`, ...outcomes);
    for (const seen of outcomes) expect(seen[outcome]).toBeGreaterThan(0);
    expect(created.filter(({ injected }) => !injected)).toStrictEqual([]);
    expect(await replicas()).toStrictEqual(atFirst);
  },
  WHOLE_TEST,
);

test(
  "after all attacks the operator's replicas are those of before, ready all the time",
  async () => {
    // What the last attack has done is reported by then.
    await sleep(ATTACK_SHOWS);
    expect(await replicas()).toStrictEqual(atFirst);
  },
  WHOLE_TEST,
);
