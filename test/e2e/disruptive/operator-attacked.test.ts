import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, operatorPods } from "../harness/operator.ts";
import { isInjected, isReady, type Pod, readySince, restarts } from "../harness/pods.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallPod, unscheduledPod } from "../harness/small-pod.ts";
import { ATTACK, POD_STARTS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-operator-attacked";
const ATTACKER = "attacker";
const WEBHOOK_SERVICE = `healthpolicy-webhook.${OPERATOR_NAMESPACE}.svc`;

beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "disruptive/operator-attacked.yaml");
  const pod = smallPod(NAMESPACE, ATTACKER);
  const attacker = { ...pod, metadata: { ...pod.metadata, labels: { app: ATTACKER } } };
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(attacker) });
  const wait = ["wait", "pod", ATTACKER, "-n", NAMESPACE, "--for=condition=Ready"];
  await kubectl([...wait, `--timeout=${POD_STARTS}ms`], { timeout: POD_STARTS });
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** Whether a pod that would be created now gets the sidecar. */
async function wouldBeInjected(): Promise<boolean> {
  const input = JSON.stringify(unscheduledPod(NAMESPACE, "web"));
  const create = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
  return isInjected(JSON.parse(await kubectl(create, { input })) as Pod);
}

/** What no attack may change about the operator's replicas. */
async function replicas() {
  const pods = await operatorPods();
  return pods.map((pod) => ({
    name: pod.metadata.name,
    ready: isReady(pod),
    since: readySince(pod),
    restarts: restarts(pod),
  }));
}

/** Attacks all replicas; resolves with the number of rounds that the attacker made. */
async function attack(mode: string): Promise<number> {
  const script = join(import.meta.dirname, "../harness/attack-operator.mjs");
  const addresses = (await operatorPods()).map(({ status }) => String(status.podIP));
  const output = await kubectl(
    [
      ...["exec", "-i", "-n", NAMESPACE, ATTACKER, "--", "node", "--input-type=module", "-"],
      ...[mode, WEBHOOK_SERVICE, "443", ...addresses],
    ],
    { input: await readFile(script, "utf8"), timeout: ATTACK },
  );
  return Number(output);
}

test.each([
  "annotations",
  "objects",
  "unreadAnswers",
  "pipelining",
  "idleWebhook",
  "idleManagement",
])(
  "who reaches the operator's ports neither ends it nor keeps pods from their sidecar: %s",
  async (mode) => {
    const before = await replicas();
    expect(before.map(({ ready }) => ready)).toStrictEqual([true, true]);
    let over = false;
    const attacking = attack(mode).finally(() => {
      over = true;
    });
    const injected: boolean[] = [];
    while (!over) injected.push(await wouldBeInjected());
    expect(await attacking).toBeGreaterThan(0);
    expect(injected.length).toBeGreaterThan(3);
    expect(injected).not.toContain(false);
    expect(await replicas()).toStrictEqual(before);
  },
  WHOLE_TEST,
);
