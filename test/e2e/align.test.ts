import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const ALIGNED = "e2e-align";
/** Without a HealthPolicy: reached by standards; reached, and opted out; not reached. */
const PLAIN = "e2e-align-plain";
const OPTED_OUT = "e2e-align-opted-out";
const OTHER = "e2e-align-other";
const OPT_OUT = { "healthpolicy.dev/inject": "false" };
const STANDARD = "e2e-align";
const RAISED = "healthpolicy.dev/probes-raised";
const LEFT_ALONE = "healthpolicy.dev/probes-left-alone";

const httpGet = (path: string, port: number) => ({ httpGet: { path, port } });

/** A pod that never runs, with these fields in its container. */
function podWith(namespace: string, name: string, probes: object, spec: object = {}) {
  const pod = unscheduledPod(namespace, name);
  const containers = pod.spec.containers.map((container) => ({ ...container, ...probes }));
  return { ...pod, spec: { ...pod.spec, containers, ...spec } };
}

type Probe = Record<string, unknown>;
interface AppPod {
  metadata: { annotations?: Record<string, string> };
  spec: { containers: { readinessProbe?: Probe; livenessProbe?: Probe; startupProbe?: Probe }[] };
}

async function apply(object: object): Promise<void> {
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });
}

/** Edits the policy, and waits until that counts for new pods. */
async function edit(spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await kubectl(["patch", "healthpolicy", "web", "-n", ALIGNED, "--type=merge", "-p", patch]);
  await policyProgrammed(ALIGNED, "web");
}

interface Application {
  application?: { probesRaised: number; probesLeftAlone: number; raised?: string[] };
}
const application = async () =>
  ((await getPolicy(ALIGNED, "web")).status as Application | undefined)?.application;

afterAll(async () => {
  await kubectl(["delete", "clusterhealthpolicy", STANDARD, "--ignore-not-found"]);
  const namespaces = [ALIGNED, PLAIN, OPTED_OUT, OTHER];
  await kubectl(["delete", "namespace", ...namespaces, "--wait=false", "--ignore-not-found"]);
}, WHOLE_TEST);

describe("a policy that aligns", () => {
  beforeAll(() => openPolicyNamespace(ALIGNED, "align.yaml"), WHOLE_TEST);

  test(
    "leaves pods of before outdated",
    async () => {
      const before = await created<AppPod>(
        podWith(ALIGNED, "before", { readinessProbe: httpGet("/ready", 8_080) }),
      );
      expect(before.spec.containers[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 1 });
      await edit({ application: { probes: "Align" } });
      await waitUntil({ what: "the pod to be outdated", within: STATUS_FOLLOWS }, async () => {
        const current = condition(await getPolicy(ALIGNED, "web"), "PodsCurrent");
        return current?.reason === "PodsOutdated";
      });
    },
    WHOLE_TEST,
  );

  test(
    "raises the times of new pods' own probes, and of those alone",
    async () => {
      const probes = {
        readinessProbe: { ...httpGet("/ready", 8_080), failureThreshold: 7 },
        livenessProbe: { exec: { command: ["true"] }, timeoutSeconds: 9, periodSeconds: 2 },
        startupProbe: { tcpSocket: { port: 8_080 } },
      };
      const pod = await created<AppPod>(podWith(ALIGNED, "after", probes));
      expect(pod.spec.containers[0]).toMatchObject({
        readinessProbe: { timeoutSeconds: 5, periodSeconds: 10, failureThreshold: 7 },
        livenessProbe: { timeoutSeconds: 9, periodSeconds: 5 },
        startupProbe: { timeoutSeconds: 1, periodSeconds: 10 },
      });
      expect(pod.metadata.annotations?.[RAISED]).toBe(
        "app/readinessProbe.timeoutSeconds=1->5, app/livenessProbe.periodSeconds=2->5",
      );
    },
    WHOLE_TEST,
  );

  test(
    "leaves a probe alone that a mesh has rewritten, and raises one over gRPC",
    async () => {
      const probes = {
        readinessProbe: httpGet("/app-health/app/readyz", 15_020),
        livenessProbe: { grpc: { port: 9_090 } },
      };
      const pod = await created<AppPod>(podWith(ALIGNED, "in-a-mesh", probes));
      expect(pod.spec.containers[0]).toMatchObject({
        readinessProbe: { timeoutSeconds: 1 },
        livenessProbe: { timeoutSeconds: 5 },
      });
      expect(pod.metadata.annotations?.[LEFT_ALONE]).toBe("app/readinessProbe");
    },
    WHOLE_TEST,
  );

  test(
    "says in its status what was done, and kubectl describe shows it",
    async () => {
      const raised = [
        "app/livenessProbe.periodSeconds=2->5",
        "app/livenessProbe.timeoutSeconds=1->5",
        "app/readinessProbe.timeoutSeconds=1->5",
      ];
      const what = "status.application to count both pods";
      const told = await waitFor({ what, within: STATUS_FOLLOWS }, async () => {
        const found = await application();
        return found?.probesRaised === 2 && found.probesLeftAlone === 1 ? found : undefined;
      });
      expect(told).toStrictEqual({
        probesRaised: 2,
        probesLeftAlone: 1,
        raised,
        leftAlone: ["app/readinessProbe"],
      });
      const described = await kubectl(["describe", "hpol", "web", "-n", ALIGNED]);
      expect(described).toMatch(/Probes Raised: +2\n/);
      expect(described).toMatch(/Probes Left Alone: +1\n/);
      for (const entry of raised) expect(described).toContain(entry);
    },
    WHOLE_TEST,
  );

  test(
    "changes nothing in a dry run",
    async () => {
      await edit({ mode: "DryRun" });
      const probes = { readinessProbe: httpGet("/ready", 8_080) };
      const what = "a new pod to come as it is";
      const pod = await waitFor({ what, within: STATUS_FOLLOWS }, async () => {
        const found = await dryRunPod(podWith(ALIGNED, "dry-run", probes));
        return found.annotations[RAISED] === undefined ? found : undefined;
      });
      expect(pod.sidecars).toHaveLength(1);
      expect(pod.containers[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 1 });
    },
    WHOLE_TEST,
  );

  test(
    "asks for no restart in a dry run, neither of aligned pods nor of those of before",
    async () => {
      await waitUntil({ what: "all pods to be current", within: STATUS_FOLLOWS }, async () => {
        const policy = await getPolicy(ALIGNED, "web");
        return condition(policy, "PodsCurrent")?.status === "True";
      });
    },
    WHOLE_TEST,
  );
});

describe("standards that are applied", () => {
  const probes = {
    readinessProbe: httpGet("/ready", 8_080),
    livenessProbe: { exec: { command: ["true"] }, periodSeconds: 3 },
  };
  const timesOf = async (namespace: string, spec: object = {}) => {
    const { containers, annotations, refusal } = await dryRunPod(
      podWith(namespace, "new", probes, spec),
    );
    expect(refusal).toBe("");
    const { readinessProbe, livenessProbe } = containers[0] as unknown as Record<string, Probe>;
    return {
      readiness: [readinessProbe?.timeoutSeconds, readinessProbe?.periodSeconds],
      liveness: [livenessProbe?.timeoutSeconds, livenessProbe?.periodSeconds],
      raised: annotations[RAISED],
    };
  };
  const UNTOUCHED = { readiness: [1, 10], liveness: [1, 3], raised: undefined };

  /** Waits for the webhook to be called there, and for both replicas to know the standards. */
  async function becomes(namespace: string, readiness: number): Promise<void> {
    const what = `a new pod of ${namespace} to have timeoutSeconds ${readiness}`;
    await waitUntil({ what, within: STATUS_FOLLOWS }, async () => {
      const times = await timesOf(namespace);
      return times.readiness[0] === readiness;
    });
  }

  beforeAll(async () => {
    await freshNamespace(PLAIN);
    await freshNamespace(OPTED_OUT, OPT_OUT);
    await freshNamespace(OTHER);
    await apply({
      apiVersion: "healthpolicy.dev/v1alpha1",
      kind: "ClusterHealthPolicy",
      metadata: { name: STANDARD },
      spec: {
        namespaceSelector: {
          matchExpressions: [
            {
              key: "kubernetes.io/metadata.name",
              operator: "In",
              values: [PLAIN, OPTED_OUT, "kube-system"],
            },
          ],
        },
        standards: {
          enforcement: "Apply",
          readinessProbe: { minTimeoutSeconds: 4 },
          livenessProbe: { minExecTimeoutSeconds: 6, timeoutWithinPeriod: true },
        },
      },
    });
    await becomes(PLAIN, 4);
  }, WHOLE_TEST);

  test(
    "raise the probes of a namespace without a HealthPolicy, and add no sidecar",
    async () => {
      expect(await timesOf(PLAIN)).toStrictEqual({
        readiness: [4, 10],
        liveness: [6, 6],
        raised:
          "app/readinessProbe.timeoutSeconds=1->4, app/livenessProbe.timeoutSeconds=1->6, app/livenessProbe.periodSeconds=3->6",
      });
      const { sidecars } = await dryRunPod(podWith(PLAIN, "new", probes));
      expect(sidecars).toStrictEqual([]);
    },
    WHOLE_TEST,
  );

  test(
    "raise those of pods that never get a sidecar",
    async () => {
      for (const spec of [{ hostNetwork: true }, { restartPolicy: "Never" }]) {
        expect((await timesOf(PLAIN, spec)).readiness).toStrictEqual([4, 10]);
      }
    },
    WHOLE_TEST,
  );

  test(
    "leave alone what is opted out, excluded, or not reached",
    async () => {
      for (const namespace of [OPTED_OUT, "kube-system", OTHER]) {
        expect(await timesOf(namespace)).toStrictEqual(UNTOUCHED);
      }
      const pod = podWith(PLAIN, "new", probes);
      const labelled = { ...pod, metadata: { ...pod.metadata, labels: OPT_OUT } };
      const { containers, annotations } = await dryRunPod(labelled);
      expect(containers[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 1 });
      expect(annotations).not.toHaveProperty([RAISED]);
    },
    WHOLE_TEST,
  );

  test(
    "are over when the ClusterHealthPolicy is gone",
    async () => {
      await kubectl(["delete", "clusterhealthpolicy", STANDARD]);
      await becomes(PLAIN, 1);
      expect(await timesOf(PLAIN)).toStrictEqual(UNTOUCHED);
    },
    WHOLE_TEST,
  );
});
