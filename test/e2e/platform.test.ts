/** examples/platform: one ClusterHealthPolicy, and what it makes of the workloads of two namespaces. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { isInjected, isReady, type Pod, podsOf } from "./harness/pods.ts";
import { type Effective, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { clientPod } from "./harness/small-pod.ts";
import { act } from "./harness/standards.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, NAMESPACE_GONE, POD_STARTS, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/platform");
const CLUSTER_POLICY = "web-apps";
const SOURCE = `ClusterHealthPolicy/${CLUSTER_POLICY}`;
const [SHOP, BLOG] = ["example-shop", "example-blog"] as const;
/** Namespace, and the name of its app's Deployment and HealthPolicy. */
const APPS = [
  [SHOP, "web"],
  [BLOG, "blog"],
] as const;

async function apply(file: string): Promise<void> {
  const input = await readFile(join(EXAMPLE, file), "utf8");
  await kubectl(["apply", "--server-side", "-f", "-"], { input });
}

/** Takes the example away; the last one waits no longer than asked. */
async function remove(wait: boolean): Promise<void> {
  await kubectl(["delete", "clusterhealthpolicy", CLUSTER_POLICY, "--ignore-not-found"]);
  await kubectl(["delete", "namespace", SHOP, BLOG, "--ignore-not-found", `--wait=${wait}`], {
    timeout: NAMESPACE_GONE,
  });
}

/** The app's only pod, once it is injected and nothing of an earlier rollout is left. */
function injectedPod(namespace: string, app: string): Promise<Pod> {
  const what = `one injected and ready pod of ${namespace}/${app}`;
  return waitFor({ what, within: POD_STARTS }, async () => {
    const [pod, ...more] = await podsOf(namespace, `app=${app}`);
    return pod && more.length === 0 && isInjected(pod) && isReady(pod) ? pod : undefined;
  });
}

beforeAll(async () => {
  await remove(true);
  await apply("clusterhealthpolicy.yaml");
  for (const [namespace, app] of APPS) {
    await apply(`${namespace}.yaml`);
    await policyProgrammed(namespace, app);
    await kubectl(["create", "-f", "-"], { input: JSON.stringify(clientPod(namespace)) });
    await kubectl(["rollout", "restart", `deployment/${app}`, "-n", namespace]);
  }
  for (const [namespace, app] of APPS) await injectedPod(namespace, app);
}, WHOLE_TEST);

afterAll(() => remove(false), WHOLE_TEST);

async function effective(namespace: string, policy: string): Promise<Effective | undefined> {
  return (await getPolicy(namespace, policy)).status?.effective;
}

test("what a HealthPolicy leaves unset comes from the platform team, and its own words stand", async () => {
  expect(await effective(SHOP, "web")).toMatchObject({
    timing: {
      connectTimeout: { value: "1s", source: SOURCE },
      checkTimeout: { value: "2s", source: SOURCE },
      interval: { value: "4s", source: SOURCE },
      failureThreshold: { value: 2, source: "built-in" },
    },
    probe: { timeoutSeconds: { value: 3, source: SOURCE } },
    impact: [{ name: "sessions", impact: "Observe", source: SOURCE }],
  });
  expect(await effective(BLOG, "blog")).toMatchObject({
    timing: {
      checkTimeout: { value: "2s", source: SOURCE },
      interval: { value: "6s", source: "policy" },
    },
    impact: [{ name: "sessions", impact: "Gate", source: "policy" }],
  });
});

test("the sidecars of both have the probe of the platform team", async () => {
  for (const [namespace, app] of APPS) {
    const { metadata } = await injectedPod(namespace, app);
    const { spec } = await kubectlJson<{
      spec: { initContainers: { name: string; readinessProbe?: { timeoutSeconds: number } }[] };
    }>("get", "pod", metadata.name, "-n", namespace);
    const sidecar = spec.initContainers.find(({ name }) => name === SIDECAR_CONTAINER);
    expect(sidecar?.readinessProbe?.timeoutSeconds).toBe(3);
  }
});

test(
  "kubectl get chpol says whom it reaches, and how workloads stand to its standards",
  async () => {
    // Counts are written at most every 5 s. Beside the example's four workloads there is a client in each namespace.
    const reached = [
      "wait",
      "chpol",
      CLUSTER_POLICY,
      "--for=jsonpath={.status.coverage.workloads}=6",
    ];
    await kubectl([...reached, `--timeout=${KUBECTL / 2}ms`]);
    const table = await kubectl(["get", "chpol", CLUSTER_POLICY]);
    console.log(table);
    expect(table).toMatch(/^web-apps +Warn +2 +6 +3 +5 /m);
  },
  WHOLE_TEST,
);

test(
  "whoever applies the blog is told what violates the standards, and whoever applies the shop nothing",
  async () => {
    const apply = (namespace: string) =>
      act(
        namespace,
        "apply",
        "--server-side",
        "--dry-run=server",
        "-f",
        join(EXAMPLE, `${namespace}.yaml`),
      );
    expect(await apply(SHOP)).toStrictEqual({ warnings: [], refusal: "" });
    expect(await apply(BLOG)).toStrictEqual({
      warnings: [
        'container "blog": readinessProbe.timeoutSeconds is 1 (the default); write 3 or more',
        'container "blog": livenessProbe.timeoutSeconds is 1 (the default); write 3 or more',
        'container "blog": livenessProbe.httpGet is the same as readinessProbe.httpGet; write a livenessProbe that looks at the process alone',
      ].map((sentence) => `ClusterHealthPolicy ${CLUSTER_POLICY}: ${sentence}`),
      refusal: "",
    });
  },
  KUBECTL,
);

/** Has the platform team enforce its standards otherwise. */
const enforcement = (word: string) => {
  const patch = JSON.stringify({ spec: { standards: { enforcement: word } } });
  return kubectl(["patch", "clusterhealthpolicy", CLUSTER_POLICY, "--type=merge", "-p", patch]);
};

test(
  "with Deny a probe of the blog may not be changed for another that violates, and its next image comes",
  async () => {
    const containers = [{ name: "blog", readinessProbe: { periodSeconds: 20 } }];
    const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
    const probe = ["patch", "deployment/blog", "-p", patch, "--dry-run=server"];
    const image = ["set", "image", "deployment/blog", "blog=next", "--dry-run=server"];
    await enforcement("Deny");
    try {
      const wait = { what: "the probe to be refused", within: STATUS_FOLLOWS };
      const refusal = await waitFor(
        wait,
        async () => (await act(BLOG, ...probe)).refusal || undefined,
      );
      expect(refusal).toContain(
        `ClusterHealthPolicy ${CLUSTER_POLICY}: container "blog": readinessProbe.timeoutSeconds is 1 (the default); write 3 or more | `,
      );
      expect((await act(BLOG, ...image)).refusal).toBe("");
      const scale = ["scale", "deployment/blog", "--replicas=2", "--dry-run=server"];
      expect((await act(BLOG, ...scale)).refusal).toBe("");
    } finally {
      await enforcement("Warn");
    }
  },
  WHOLE_TEST,
);

describe("while the caches are gone", () => {
  beforeAll(async () => {
    for (const [namespace] of APPS) {
      await kubectl(["scale", "deployment/cache", "--replicas=0", "-n", namespace]);
      await rawConnectGives({ namespace, host: "cache", port: 11_211 }, "refused");
    }
  }, WHOLE_TEST);

  test(
    "the pod of the team that says Gate leaves its Service",
    async () => {
      const wait = { what: "the blog's pod to be unready", within: STATUS_FOLLOWS };
      await waitUntil(wait, async () => !(await podsOf(BLOG, "app=blog")).some(isReady));
    },
    WHOLE_TEST,
  );

  test(
    "the pod of the team that says nothing reports it, and serves on",
    async () => {
      const down = { name: "sessions", up: false };
      const report = await dependencyReported(() => injectedPod(SHOP, "web"), down, STATUS_FOLLOWS);
      expect(report).toMatchObject({ reason: "TooFewServers" });
      expect((await podsOf(SHOP, "app=web")).map(isReady)).toStrictEqual([true]);
    },
    WHOLE_TEST,
  );
});
