import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl } from "./harness/kubectl.ts";
import { appReady, isInjected, isReady, type Pod, podsOf } from "./harness/pods.ts";
import { condition, countsBecome, getPolicy } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import {
  ENDPOINTS_FOLLOW,
  POD_STARTS,
  SIDECARS_ASKED,
  VOLUME_REFRESH,
  WHOLE_TEST,
} from "./timeouts.ts";

const NAMESPACE = "e2e-circular-later";
/** As a person or a pipeline takes to apply the next manifest. */
const LATER = 3_000;

const here = (...parameters: string[]) => kubectl(["-n", NAMESPACE, ...parameters]);

/** A memcached whose controller replaces no pod that is not ready, as databases have it. */
const statefulSet = (name: string) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name, namespace: NAMESPACE },
  spec: {
    serviceName: name,
    podManagementPolicy: "OrderedReady",
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 5,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "memcached",
            image: "healthpolicy/test-memcached:dev",
            imagePullPolicy: "Never",
            readinessProbe: { tcpSocket: { port: 11_211 }, periodSeconds: 2, timeoutSeconds: 5 },
            resources: { requests: { cpu: "5m", memory: "16Mi" }, limits: { memory: "64Mi" } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  },
});

const podOf = async (name: string): Promise<Pod | undefined> =>
  (await podsOf(NAMESPACE, `app=${name}`))[0];

/** Once its own app is ready. */
const startedPod = (name: string) =>
  waitFor({ what: `the app of ${name}-0`, within: POD_STARTS }, async () => {
    const found = await podOf(name);
    return found && appReady(found) ? found : undefined;
  });

/** The pod of a new StatefulSet, which has its sidecar and waits, though its own app is ready. */
async function waitingPod(name: string): Promise<Pod> {
  await created(statefulSet(name));
  await sleep(LATER);
  const pod = await startedPod(name);
  expect(isInjected(pod)).toBe(true);
  expect(isReady(pod)).toBe(false);
  return pod;
}

const becomes = (ready: boolean, name: string, within: number) =>
  waitUntil({ what: `${name}-0 to be ${ready ? "ready" : "unready"}`, within }, async () => {
    const pod = await podOf(name);
    return pod !== undefined && isReady(pod) === ready;
  });

beforeAll(() => openPolicyNamespace(NAMESPACE, "circular-later.yaml"), WHOLE_TEST);
afterAll(() => here("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"));

test(
  "pods whose Service or its label comes after them wait neither for themselves nor for each other",
  async () => {
    await created(statefulSet("stock"));
    await startedPod("stock");
    const before = await waitingPod("cache");
    await waitingPod("sessions");
    await created({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cache", namespace: NAMESPACE },
      spec: { selector: { app: "cache" }, ports: [{ port: 11_211 }] },
    });
    await here("label", "pod", "sessions-0", "role=primary");
    await becomes(true, "cache", VOLUME_REFRESH);
    await becomes(true, "sessions", VOLUME_REFRESH);
    expect((await podOf("cache"))?.metadata.uid).toBe(before.metadata.uid);
  },
  WHOLE_TEST,
);

test(
  "they count as others do, and no restart is advised",
  async () => {
    await countsBecome(NAMESPACE, { summary: "2/2", outdated: 0, unready: 0, optedOut: 0 });
    const policy = await getPolicy(NAMESPACE, "web");
    expect(condition(policy, "PodsCurrent")).toMatchObject({ status: "True" });
    expect(condition(policy, "Accepted")).toMatchObject({ reason: "CircularDependency" });
  },
  WHOLE_TEST,
);

test(
  "they wait for a dependency that is none of the circle, and the status names it",
  async () => {
    await here("scale", "statefulset/stock", "--replicas=0");
    await waitUntil({ what: "stock-0 to be gone", within: ENDPOINTS_FOLLOW }, async () => {
      return (await podOf("stock")) === undefined;
    });
    await becomes(false, "cache", ENDPOINTS_FOLLOW);
    await becomes(false, "sessions", ENDPOINTS_FOLLOW);
    const what = "the status to say what holds them";
    await waitUntil({ what, within: SIDECARS_ASKED }, async () => {
      const { dependencies = [] } = (await getPolicy(NAMESPACE, "web")).status ?? {};
      return dependencies.length === 1 && dependencies[0]?.failingPods === 2;
    });
    const { status } = await getPolicy(NAMESPACE, "web");
    expect(status?.dependencies).toMatchObject([{ name: "stock", failingPods: 2 }]);
    expect(status?.pods).toMatchObject({ summary: "2/2", unready: 2, outdated: 0 });

    await here("scale", "statefulset/stock", "--replicas=1");
    await becomes(true, "cache", POD_STARTS);
    await becomes(true, "sessions", POD_STARTS);
  },
  WHOLE_TEST,
);
