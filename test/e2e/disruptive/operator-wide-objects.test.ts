/** What anybody may store who may create Services and pods in some namespaces ends no replica and blinds none. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dryRunPod } from "../harness/dry-run-pod.ts";
import { kubectl, type RunOptions } from "../harness/kubectl.ts";
import { operatorPods, scaleOperator } from "../harness/operator.ts";
import { restarts } from "../harness/pods.ts";
import { countsBecome } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { longPod, longService, wideObjects } from "../harness/wide-objects.ts";
import { OBJECTS_STORED, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-operator-wide-objects";
/** The leader watches the pods of up to 20 namespaces singly; other tests may have left a few. */
const MANY = Array.from({ length: 15 }, (_, index) => `e2e-operator-long-pods-${index}`);

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/operator-attacked.yaml"), WHOLE_TEST);
afterAll(() =>
  kubectl(["delete", "namespace", NAMESPACE, ...MANY, "--wait=false", "--ignore-not-found"]),
);

const here = (parameters: readonly string[], options: RunOptions = {}) =>
  kubectl(["-n", NAMESPACE, ...parameters], options);

const replicas = async () =>
  (await operatorPods()).map((pod) => ({ name: pod.metadata.name, restarts: restarts(pod) }));

/** Raw, since kubectl would write `<` as six characters too, and no request may be so long. */
const createRaw = (namespace: string, kind: "pods" | "services", input: string) =>
  kubectl(["create", "--raw", `/api/v1/namespaces/${namespace}/${kind}`, "-f", "-"], { input });

/** Waits until a pod that is created now gets the sidecar, or gets none. */
async function untilNextIs(injected: boolean): Promise<void> {
  await waitUntil({ what: `injected to be ${injected}`, within: STATUS_FOLLOWS }, async () => {
    const { sidecars } = await dryRunPod(unscheduledPod(NAMESPACE, "web"));
    return (sidecars.length === 1) === injected;
  });
}

test(
  "replicas that run go on, and new ones start and see what else there is, beside the widest objects",
  async () => {
    await untilNextIs(true);
    const atFirst = await replicas();
    const input = JSON.stringify(longService(NAMESPACE));
    await createRaw(NAMESPACE, "services", input);
    const items = wideObjects(NAMESPACE);
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await here(["create", "-f", "-"], { input: list, timeout: OBJECTS_STORED });
    expect(await replicas()).toStrictEqual(atFirst);

    await scaleOperator(0);
    await scaleOperator(2);
    // A Service behind which the policy's pods would wait for themselves: known to who can read Services alone.
    await here(["create", "service", "clusterip", "sessions", "--tcp=80"]);
    await here(["set", "selector", "service/sessions", "app=web"]);
    await untilNextIs(false);
    expect((await replicas()).map((one) => one.restarts)).toStrictEqual([0, 0]);
  },
  WHOLE_TEST,
);

/** Creates a pod of the policy in each namespace, and waits until the leader says that it has seen so many there. */
async function seenEverywhere(name: string, matched: number): Promise<void> {
  for (const namespace of MANY) {
    const input = JSON.stringify(unscheduledPod(namespace, name));
    await kubectl(["create", "-f", "-"], { input });
  }
  for (const namespace of MANY) await countsBecome(namespace, { matched });
}

test(
  "a leader goes on while long pods of many namespaces come to it side by side, and so does one that begins with them",
  async () => {
    for (const namespace of MANY) {
      await openPolicyNamespace(namespace, "disruptive/operator-attacked.yaml");
      await createRaw(namespace, "pods", JSON.stringify(longPod(namespace)));
    }
    const atFirst = await replicas();
    // All at once: each is a line of another watch. Two cores then share so many programs that read a long pod.
    const touch = (namespace: string) =>
      kubectl(["-n", namespace, "annotate", "pod", "long", "touched=yes"], {
        timeout: OBJECTS_STORED,
      });
    await Promise.all(MANY.map(touch));
    await seenEverywhere("first", 1);
    expect(await replicas()).toStrictEqual(atFirst);

    await scaleOperator(0);
    await scaleOperator(2);
    await seenEverywhere("second", 2);
    expect((await replicas()).map((one) => one.restarts)).toStrictEqual([0, 0]);
  },
  WHOLE_TEST,
);
