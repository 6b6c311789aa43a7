import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl } from "./harness/kubectl.ts";
import { appReady, isInjected, isReady, type Pod, podsOf } from "./harness/pods.ts";
import { condition, getPolicy } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, STATUS_FOLLOWS, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

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

/** The pod of a new StatefulSet, which has its sidecar and waits, though its own app is ready. */
async function waitingPod(name: string): Promise<Pod> {
  await created(statefulSet(name));
  await sleep(LATER);
  const pod = await waitFor({ what: `${name}-0 to wait`, within: POD_STARTS }, async () => {
    const found = await podOf(name);
    return found && appReady(found) ? found : undefined;
  });
  expect(isInjected(pod)).toBe(true);
  expect(isReady(pod)).toBe(false);
  return pod;
}

const letGo = (name: string) =>
  waitUntil({ what: `${name}-0 to be let go`, within: VOLUME_REFRESH }, async () => {
    const pod = await podOf(name);
    return pod !== undefined && isReady(pod);
  });

beforeAll(() => openPolicyNamespace(NAMESPACE, "circular-later.yaml"), WHOLE_TEST);
afterAll(() => here("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"));

test(
  "a pod whose Service comes after it does not wait for itself",
  async () => {
    const before = await waitingPod("cache");
    await created({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cache", namespace: NAMESPACE },
      spec: { selector: { app: "cache" }, ports: [{ port: 11_211 }] },
    });
    await letGo("cache");
    expect((await podOf("cache"))?.metadata.uid).toBe(before.metadata.uid);
  },
  WHOLE_TEST,
);

test(
  "nor does one that gets the label of its Service after it was created, and no restart is advised",
  async () => {
    await waitingPod("sessions");
    await here("label", "pod", "sessions-0", "role=primary");
    await letGo("sessions");
    const what = "the status to say that they are let go";
    const policy = await waitFor({ what, within: STATUS_FOLLOWS }, async () => {
      const found = await getPolicy(NAMESPACE, "web");
      return condition(found, "PodsCurrent")?.status === "True" ? found : undefined;
    });
    expect(condition(policy, "Accepted")).toMatchObject({ reason: "CircularDependency" });
    expect(policy.status?.pods).toMatchObject({ matched: 0, outdated: 0, optedOut: 2 });
  },
  WHOLE_TEST,
);
