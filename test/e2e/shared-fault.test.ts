/**
 * A fault that more pods share than fleet.maxUnready lets go leaves them ready; one that is a node's own takes that
 * node's pods.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { POLICY_FILE, policyConfigMapName, SIDECAR_PORT } from "../../operator/api/names.ts";
import { alsoOnSecondNode, THERE } from "./harness/also-on-second-node.ts";
import { withBlackHole } from "./harness/black-hole.ts";
import { type DropRule, withDropRules } from "./harness/drop-rule.ts";
import { readyEndpoints } from "./harness/endpoints.ts";
import { promised } from "./harness/expect-readiness.ts";
import { hurryKubelets } from "./harness/hurry-kubelets.ts";
import { kubectlJson } from "./harness/kubectl.ts";
import { SECOND_NODE } from "./harness/node.ts";
import { askSidecar, isReady, type Pod, sidecarReport, standing } from "./harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { openScene, type Scene } from "./harness/scene.ts";
import { sidecarsFollow } from "./harness/sidecars-follow.ts";
import { staysTrue, waitUntil } from "./harness/wait-for.ts";
import {
  EVENTS_WRITTEN,
  KUBERNETES_ALLOWANCE,
  PEERS_DELIVERED,
  SCENE_READY,
  SIDECARS_ASKED,
  VOLUME_REFRESH,
  WHOLE_TEST,
} from "./timeouts.ts";

let scene: Scene;

const isThere = (pod: Pod) => pod.spec.nodeName === SECOND_NODE;
const database = () => ({ namespace: scene.namespace, host: "orders-db", port: 5_432 });
const readyNames = async () =>
  (await scene.appPods()).filter(isReady).map(({ metadata }) => metadata.name);
const reports = async () => Promise.all((await scene.appPods()).map(sidecarReport));

/** How many pods the policy file carries. */
async function peersWritten(): Promise<number> {
  const { data } = await kubectlJson<{ data: Record<string, string> }>(
    ...["get", "configmap", policyConfigMapName("web"), "-n", scene.namespace],
  );
  return JSON.parse(data[POLICY_FILE] ?? "{}").fleet?.peers.length;
}

beforeAll(async () => {
  scene = await openScene("shared-fault");
  await alsoOnSecondNode(scene, SCENE_READY);
  await waitUntil({ what: "three pods in the policy file", within: PEERS_DELIVERED }, async () => {
    return (await peersWritten()) === 3;
  });
  const patch = JSON.stringify({ spec: { fleet: { maxUnready: "50%" } } });
  await scene.kubectl("patch", "healthpolicy", "web", "--type=merge", "-p", patch);
  scene.policy = await policyProgrammed(scene.namespace, "web");
  await hurryKubelets(scene.namespace);
  await sidecarsFollow(scene);
}, WHOLE_TEST);
afterAll(() => scene?.close());

/**
 * Waits until these pods alone are ready, within the policy's bound of `since`, in milliseconds of performance.now().
 */
async function readyAre(
  names: string[],
  { bound, since }: { bound: "unreadyWithin" | "readyWithin"; since: number },
): Promise<void> {
  const within = since + promised(scene, bound) + KUBERNETES_ALLOWANCE - performance.now();
  await waitUntil({ what: `${names.join(", ") || "no pod"} to be ready`, within }, async () => {
    return (await readyNames()).toSorted().join() === names.toSorted().join();
  });
}

test("the bound is longer by what the question to other pods takes", () => {
  expect(scene.policy.status?.bounds).toStrictEqual({
    unreadyWithin: "9700ms",
    readyWithin: "5500ms",
  });
});

test(
  "a black hole on one node takes the pods there, and no others",
  async () => {
    const { namespace } = scene;
    const here = (await scene.appPods()).filter((pod) => !isThere(pod));
    const names = here.map(({ metadata }) => metadata.name);
    const before = await standing(namespace, "app=web");
    const hole = { namespace, service: "orders-db", port: 5_432, node: SECOND_NODE };
    await withBlackHole(hole, async () => {
      const since = await rawConnectGives({ ...database(), from: THERE.client }, "timeout");
      await rawConnectGives(database(), "connected");
      await readyAre(names, { bound: "unreadyWithin", since });
      await staysTrue("the others ready", promised(scene, "unreadyWithin"), async () => {
        return (await readyNames()).length === 2;
      });
    });
    const since = await rawConnectGives({ ...database(), from: THERE.client }, "connected");
    await readyAre([...names, THERE.app], { bound: "readyWithin", since });
    const after = await standing(namespace, "app=web");
    const untouched = ({ name }: { name: string }) => names.includes(name);
    expect(after.filter(untouched)).toStrictEqual(before.filter(untouched));
  },
  WHOLE_TEST,
);

/** Says SharedFault wherever a person looks. */
async function expectTold(): Promise<void> {
  const [pod] = await scene.appPods();
  expect(await askSidecar(pod as Pod, "/readyz")).toBe("SharedFault\norders-db: ConnectionRefused");
  expect(await askSidecar(pod as Pod, "/metrics")).toContain("healthpolicy_pod_shared_fault 1\n");
  const log = await scene.kubectl("logs", String(pod?.metadata.name), "-c", "healthpolicy-sidecar");
  expect(log).toMatch(/"msg":"shared fault".*"dependencies":"orders-db"/);
  await waitUntil({ what: "SharedFault in the policy", within: SIDECARS_ASKED }, async () => {
    const policy = await getPolicy(scene.namespace, "web");
    const [dependency] = policy.status?.dependencies ?? [];
    return condition(policy, "Ready")?.reason === "SharedFault" && dependency?.sharedPods === 3;
  });
  await waitUntil({ what: "an Event on the policy", within: EVENTS_WRITTEN }, async () => {
    const text = await scene.kubectl("describe", "healthpolicy", "web");
    return /Warning +SharedFault .*orders-db: ConnectionRefused/.test(text);
  });
  expect(await scene.kubectl("get", "hpol", "web")).toContain(
    "SharedFault, orders-db: ConnectionRefused",
  );
}

/** Keeps the sidecars of the app's pods from each other, and nobody else. */
async function apart(during: () => Promise<void>): Promise<void> {
  const rules = (await scene.appPods()).map(({ spec, status }): DropRule => {
    const match = ["-p", "tcp", "-s", String(status.podIP), "--dport", String(SIDECAR_PORT)];
    return { table: "raw", chain: "PREROUTING", match, node: String(spec.nodeName) };
  });
  await withDropRules(rules, during);
}

/** A question takes a second, and three that nobody answers are needed, an interval of 2 s apart. */
const SILENCE_SHOWS = 12_000;

test(
  "a database that is gone leaves all pods ready, unless they do not reach each other",
  async () => {
    const before = await standing(scene.namespace, "app=web");
    await scene.kubectl("scale", "deployment/orders-db", "--replicas=0");
    await rawConnectGives(database(), "refused");
    const what = "SharedFault in every /status";
    await waitUntil({ what, within: promised(scene, "unreadyWithin") }, async () =>
      (await reports()).every((report) => report?.reason === "SharedFault"),
    );
    await expectTold();
    expect(await readyEndpoints(scene.namespace, "web")).toHaveLength(3);
    expect(await standing(scene.namespace, "app=web")).toStrictEqual(before);

    await apart(async () => {
      const within = SILENCE_SHOWS + KUBERNETES_ALLOWANCE;
      await waitUntil({ what: "no pod to be ready", within }, async () => {
        return (await readyNames()).length === 0;
      });
    });
    await waitUntil({ what: "all pods to be ready again", within: SILENCE_SHOWS }, async () => {
      return (await readyNames()).length === 3;
    });

    await scene.kubectl("scale", "deployment/orders-db", "--replicas=1");
    await waitUntil({ what: "no more SharedFault", within: VOLUME_REFRESH }, async () =>
      (await reports()).every((report) => report?.ready && report.reason === undefined),
    );
    const told = { what: "an Event that it is over", within: SIDECARS_ASKED + EVENTS_WRITTEN };
    await waitUntil(told, async () => {
      const text = await scene.kubectl("describe", "healthpolicy", "web");
      return /Normal +SharedFaultOver .*orders-db/.test(text);
    });
    expect((await standing(scene.namespace, "app=web")).map((pod) => pod.restarts)).toStrictEqual(
      before.map(() => 0),
    );
  },
  WHOLE_TEST,
);
