import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { OPERATOR_NAMESPACE } from "./harness/operator.ts";
import { condition, type Effective, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitFor } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

/** The policy of the first says no times; that of the second says one itself. */
const [PLAIN, OWN] = ["e2e-cluster-defaults-plain", "e2e-cluster-defaults-own"] as const;
const TEAM = "healthpolicy.dev/e2e-team";
const STANDARD = "e2e-cluster-defaults";
const SOURCE = `ClusterHealthPolicy/${STANDARD}`;

async function apply(object: object): Promise<void> {
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });
}

const policy = (namespace: string, spec: object = {}) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
    ...spec,
  },
});

const clusterPolicy = (defaults: object) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "ClusterHealthPolicy",
  metadata: { name: STANDARD },
  spec: { namespaceSelector: { matchLabels: { [TEAM]: "a" } }, defaults },
});

const removeClusterPolicy = () =>
  kubectl(["delete", "clusterhealthpolicy", STANDARD, "--ignore-not-found"]);

/** Waits until the time `checkTimeout` of the policy comes from there, and gives what is in force. */
function comesFrom(namespace: string, source: string): Promise<Effective> {
  const what = `checkTimeout of ${namespace}/web to come from ${source}`;
  return waitFor({ what, within: STATUS_FOLLOWS }, async () => {
    const found = (await getPolicy(namespace, "web")).status?.effective;
    return found?.timing.checkTimeout?.source === source ? found : undefined;
  });
}

/** Waits until the policy is accepted or not, and gives the condition. */
function accepted(namespace: string, status: "True" | "False") {
  const what = `Accepted of ${namespace}/web to be ${status}`;
  return waitFor({ what, within: STATUS_FOLLOWS }, async () => {
    const found = condition(await getPolicy(namespace, "web"), "Accepted");
    return found?.status === status ? found : undefined;
  });
}

interface PolicyMap {
  metadata: { resourceVersion: string };
  data: { "policy.json": string };
}
const configMap = (namespace: string) =>
  kubectlJson<PolicyMap>("get", "configmap", "healthpolicy-policy-web", "-n", namespace);

/** The readiness probe that a pod of the namespace would get now; undefined without a sidecar. */
async function probeOfNewPod(namespace: string) {
  const { sidecars } = await dryRunPod(unscheduledPod(namespace, "new"));
  const [sidecar] = sidecars;
  expect(sidecar?.name ?? SIDECAR_CONTAINER).toBe(SIDECAR_CONTAINER);
  return sidecar?.readinessProbe as { timeoutSeconds: number; periodSeconds: number } | undefined;
}

/** One replica of two may hear of a change a moment later than the one that wrote the status. */
function probeBecomes(namespace: string, timeoutSeconds: number): Promise<number> {
  const what = `timeoutSeconds of a new pod of ${namespace} to be ${timeoutSeconds}`;
  return waitFor({ what, within: STATUS_FOLLOWS }, async () => {
    const probe = await probeOfNewPod(namespace);
    return probe?.timeoutSeconds === timeoutSeconds ? timeoutSeconds : undefined;
  });
}

beforeAll(async () => {
  await removeClusterPolicy();
  for (const namespace of [PLAIN, OWN]) {
    await freshNamespace(namespace);
    await kubectl(["label", "namespace", namespace, `${TEAM}=a`]);
  }
  await apply(policy(PLAIN));
  await apply(policy(OWN, { timing: { interval: "9s" }, probe: { timeoutSeconds: 4 } }));
  await apply(
    clusterPolicy({
      timing: { connectTimeout: "1s", checkTimeout: "2s", interval: "7s" },
      probe: { periodSeconds: 3, timeoutSeconds: 6 },
      impact: { memcached: "Observe" },
      application: { probes: "Keep" },
    }),
  );
}, WHOLE_TEST);

afterAll(async () => {
  await removeClusterPolicy();
  await kubectl(["delete", "namespace", PLAIN, OWN, "--wait=false", "--ignore-not-found"]);
}, WHOLE_TEST);

describe("the defaults of a ClusterHealthPolicy", () => {
  test(
    "are what the policies of its namespaces leave unset, each shown with its source",
    async () => {
      expect(await comesFrom(PLAIN, SOURCE)).toStrictEqual({
        mode: "Enforce",
        timing: {
          connectTimeout: { value: "1s", source: SOURCE },
          checkTimeout: { value: "2s", source: SOURCE },
          interval: { value: "7s", source: SOURCE },
          failureThreshold: { value: 2, source: "built-in" },
          successThreshold: { value: 1, source: "built-in" },
        },
        probe: {
          periodSeconds: { value: 3, source: SOURCE },
          timeoutSeconds: { value: 6, source: SOURCE },
        },
        impact: [{ name: "sessions", impact: "Observe", source: SOURCE }],
        application: { probes: { value: "Keep", source: SOURCE } },
        fleet: { maxUnready: { value: "100%", source: "built-in" } },
        rollout: { value: "Manual", source: "built-in" },
      });
      const own = await comesFrom(OWN, SOURCE);
      expect(own.timing.interval).toStrictEqual({ value: "9s", source: "policy" });
      expect(own.probe.timeoutSeconds).toStrictEqual({ value: 4, source: "policy" });
    },
    WHOLE_TEST,
  );

  test(
    "reach the policy file and new pods",
    async () => {
      await policyProgrammed(PLAIN, "web");
      const { data } = await configMap(PLAIN);
      expect(JSON.parse(data["policy.json"])).toMatchObject({
        timing: { checkTimeoutMilliseconds: 2_000, intervalMilliseconds: 7_000 },
        dependencies: [{ name: "sessions", impact: "Observe" }],
      });
      expect(await probeBecomes(PLAIN, 6)).toBe(6);
      expect(await probeBecomes(OWN, 4)).toBe(4);
    },
    WHOLE_TEST,
  );

  test(
    "follow the labels of a namespace",
    async () => {
      await kubectl(["label", "namespace", PLAIN, `${TEAM}-`]);
      await comesFrom(PLAIN, "built-in");
      await kubectl(["label", "namespace", PLAIN, `${TEAM}=a`]);
      await comesFrom(PLAIN, SOURCE);
    },
    WHOLE_TEST,
  );

  test(
    "say in its own status whom they reach, in the columns of kubectl get too",
    async () => {
      // Counts are written at most every 5 s.
      const reached = ["wait", "chpol", STANDARD, "--for=jsonpath={.status.namespaces}=2"];
      await kubectl([...reached, `--timeout=${KUBECTL / 2}ms`]);
      const table = await kubectl(["get", "chpol", STANDARD]);
      const [head = "", row = ""] = table.trim().split("\n");
      expect(head.split(/\s+/)).toStrictEqual([
        "NAME",
        "ENFORCEMENT",
        "NAMESPACES",
        "WORKLOADS",
        "COMPLIANT",
        "VIOLATIONS",
        "AGE",
      ]);
      expect(row).toMatch(new RegExp(`^${STANDARD}\\s+2\\s`));
      const fits = ["wait", "chpol", STANDARD, "--for=condition=DefaultsNest"];
      await kubectl([...fits, `--timeout=${KUBECTL / 2}ms`]);
    },
    WHOLE_TEST,
  );
});

describe("times that do not nest once they are merged", () => {
  let before: PolicyMap;

  beforeAll(async () => {
    before = await configMap(OWN);
    await apply(
      clusterPolicy({ timing: { connectTimeout: "1s", checkTimeout: "5s", interval: "7s" } }),
    );
  }, WHOLE_TEST);

  test(
    "are not accepted, in a sentence that names both objects",
    async () => {
      expect(await accepted(OWN, "False")).toMatchObject({
        reason: "Invalid",
        message: `timing: checkTimeout (5s of ClusterHealthPolicy ${STANDARD}) must be less than probe.timeoutSeconds (4 of HealthPolicy web)`,
      });
      const found = await getPolicy(OWN, "web");
      expect(condition(found, "Stalled")?.status).toBe("True");
      // The other takes the built-in probe timeout, 5 s.
      expect(await accepted(PLAIN, "False")).toMatchObject({
        message: expect.stringContaining("probe.timeoutSeconds (5, the built-in default)"),
      });
    },
    WHOLE_TEST,
  );

  test(
    "leave the last good policy file, which new pods go on following",
    async () => {
      expect(await configMap(OWN)).toMatchObject({
        metadata: { resourceVersion: before.metadata.resourceVersion },
        data: before.data,
      });
      expect((await getPolicy(OWN, "web")).status?.effective).toMatchObject({
        timing: { checkTimeout: { value: "2s", source: SOURCE } },
      });
      expect(await probeOfNewPod(OWN)).toMatchObject({ timeoutSeconds: 4, periodSeconds: 3 });
    },
    WHOLE_TEST,
  );

  test(
    "are told by the ClusterHealthPolicy as well",
    async () => {
      const wanted = "{.status.conditions[?(@.type=='DefaultsNest')].status}=False";
      await kubectl(["wait", "chpol", STANDARD, `--for=jsonpath=${wanted}`, "--timeout=15s"]);
      const told = await kubectl(["get", "chpol", STANDARD, "-o", "jsonpath={.status.conditions}"]);
      expect(told).toContain(`before: ${OWN}/web, ${PLAIN}/web`);
    },
    WHOLE_TEST,
  );

  test(
    "are over when the policy says a time that fits",
    async () => {
      await apply(policy(PLAIN, { probe: { timeoutSeconds: 8 } }));
      await accepted(PLAIN, "True");
      expect(await probeBecomes(PLAIN, 8)).toBe(8);
    },
    WHOLE_TEST,
  );
});

test(
  "the operator's namespace and kube-system are never reached",
  async () => {
    const key = "kubernetes.io/metadata.name";
    const values = ["kube-system", OPERATOR_NAMESPACE, PLAIN];
    const selected = clusterPolicy({ timing: { interval: "20s" } });
    const namespaceSelector = { matchExpressions: [{ key, operator: "In", values }] };
    await apply({ ...selected, spec: { ...selected.spec, namespaceSelector } });
    const what = `the interval of ${PLAIN}/web to be 20s`;
    await waitFor({ what, within: STATUS_FOLLOWS }, async () => {
      const interval = (await getPolicy(PLAIN, "web")).status?.effective?.timing.interval;
      return interval?.value === "20s" ? interval : undefined;
    });
    await comesFromBuiltIn("kube-system");
    await comesFromBuiltIn(OPERATOR_NAMESPACE);
  },
  WHOLE_TEST,
);

/** A policy there is told that its pods are never injected, and takes no default but the built-in ones. */
async function comesFromBuiltIn(namespace: string): Promise<void> {
  const name = "e2e-cluster-defaults";
  const there = { ...policy(namespace), metadata: { name, namespace } };
  try {
    await apply(there);
    const found = await waitFor(
      { what: `a status of ${namespace}/${name}`, within: STATUS_FOLLOWS },
      async () => (await getPolicy(namespace, name)).status?.effective,
    );
    expect(found.timing.interval).toStrictEqual({ value: "5s", source: "built-in" });
  } finally {
    await kubectl(["delete", "healthpolicy", name, "-n", namespace, "--ignore-not-found"]);
  }
}

test(
  "a default that is taken away is built in again, for policies and for new pods",
  async () => {
    await removeClusterPolicy();
    await accepted(OWN, "False"); // its own 4 s do not fit the built-in checkTimeout of 4 s
    await apply(policy(OWN));
    await accepted(OWN, "True");
    expect((await comesFrom(OWN, "built-in")).timing.checkTimeout?.value).toBe("4s");
    expect(await probeBecomes(OWN, 5)).toBe(5);
  },
  WHOLE_TEST,
);
