/** How far standards reach: several at once, the largest pods, what stands already, and what is never reached. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { excludedNamespaces } from "../../operator/api/names.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { OPERATOR_NAMESPACE } from "./harness/operator.ts";
import {
  act,
  dryRun,
  enforce,
  reachedNamespace,
  release,
  standardsFor,
} from "./harness/standards.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const LARGE = "e2e-standards-large";
const STANDING = "e2e-standards-standing";
const EXCLUDED = "e2e-standards-excluded";
const QUIET = { warnings: [], refusal: "" };

const container = { name: "web", image: "registry.example.com/web:1" };
const bare = (name: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [container] },
  });
const MISSING =
  'container "web": readinessProbe is missing; write one that tells whether the app can take requests';

afterAll(() => kubectl(["delete", "namespace", LARGE, STANDING, EXCLUDED, "--wait=false"]));

describe("several ClusterHealthPolicies over one large pod", () => {
  /** More than pods have; API servers refuse expressions that cost too much, and these would then say nothing. */
  const CONTAINERS = 40;
  const path = (index: number) => `/${index}`.padEnd(256, "p");
  const bounds = {
    required: true,
    minTimeoutSeconds: 9,
    minExecTimeoutSeconds: 9,
    timeoutWithinPeriod: true,
    maxPeriodSeconds: 9,
    maxInitialDelaySeconds: 9,
  };
  const standards = {
    enforcement: "Warn",
    readinessProbe: bounds,
    livenessProbe: {
      ...bounds,
      differsFromReadiness: true,
      forbiddenPaths: Array.from({ length: 16 }, (_, index) => path(index)),
    },
  };
  const conditions = Array.from({ length: 8 }, (_, index) => ({
    key: `healthpolicy.dev/absent-${index}`,
    operator: "NotIn",
    values: Array.from({ length: 16 }, (_value, at) => `value-${at}`),
  }));
  const policies = Array.from({ length: 5 }, (_, index) => {
    const policy = standardsFor(`${LARGE}-${index}`, LARGE, standards);
    const { namespaceSelector } = policy.spec;
    return {
      ...policy,
      spec: {
        ...policy.spec,
        namespaceSelector: { ...namespaceSelector, matchExpressions: conditions },
      },
    };
  });

  const probe = (name: string, livenessPath: string) => {
    const times = { timeoutSeconds: 9, periodSeconds: 9, initialDelaySeconds: 9 };
    return {
      ...container,
      name,
      readinessProbe: { httpGet: { path: path(98), port: 80 }, ...times },
      livenessProbe: { httpGet: { path: livenessPath, port: 80 }, ...times },
    };
  };
  const pod = (last: object) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "large" },
      spec: {
        containers: [
          ...Array.from({ length: CONTAINERS - 1 }, (_, index) =>
            probe(`${index}`.padStart(63, "a"), path(99)),
          ),
          last,
        ],
      },
    });

  beforeAll(async () => {
    await reachedNamespace(LARGE);
    await enforce(LARGE, policies, bare("web"));
  }, WHOLE_TEST);
  afterAll(() => release(...policies.map(({ metadata }) => metadata.name)), KUBECTL);

  test(
    "each says for itself what its last container violates, however much there is to look at",
    async () => {
      expect(await dryRun(LARGE, pod(probe("web", path(99))))).toStrictEqual(QUIET);
      const { warnings } = await dryRun(LARGE, pod(probe("web", path(15))));
      // The API server asks them in no order.
      expect(warnings.toSorted()).toStrictEqual(
        policies.map(
          ({ metadata }) =>
            `ClusterHealthPolicy ${metadata.name}: container "web": livenessProbe.httpGet.path is "${path(15)}", which looks at dependencies; write a path that looks at the process alone`,
        ),
      );
    },
    KUBECTL,
  );

  test(
    "of a pod in which everything is wrong the first fifteen are said, and how many more there are",
    async () => {
      const containers = Array.from({ length: CONTAINERS }, (_, index) => ({
        ...container,
        name: `${index}`.padStart(63, "a"),
      }));
      const spec = { containers };
      const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "large" }, spec };
      const { warnings } = await dryRun(LARGE, JSON.stringify(object));
      const [first = ""] = warnings;
      const policy = first.slice(0, first.indexOf(": "));
      const said = warnings.filter((warning) => warning.startsWith(`${policy}: `));
      expect(said).toHaveLength(16);
      expect(said[15]).toBe(`${policy}: and 65 more`);
    },
    KUBECTL,
  );
});

describe("what stands before a standard that denies it", () => {
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [container] } };
  const job = {
    template: {
      spec: {
        containers: [{ ...container, livenessProbe: { exec: { command: ["true"] } } }],
        restartPolicy: "Never",
      },
    },
  };
  const STOOD = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas: 0, selector: { matchLabels: { app: "web" } }, template },
    },
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "report" },
      spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: job } },
    },
  ];
  const denied = (sentence: string) => `ClusterHealthPolicy ${STANDING}: ${sentence}`;

  beforeAll(async () => {
    await reachedNamespace(STANDING);
    const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: STOOD });
    await kubectl(["create", "-n", STANDING, "-f", "-"], { input });
    const standards = {
      enforcement: "Deny",
      readinessProbe: { required: true },
      livenessProbe: { minExecTimeoutSeconds: 5 },
    };
    await enforce(STANDING, [standardsFor(STANDING, STANDING, standards)], bare("web"));
  }, WHOLE_TEST);
  afterAll(() => release(STANDING), KUBECTL);

  test(
    "may be labelled, restarted and scaled, and its pods are made",
    async () => {
      expect(await act(STANDING, "label", "deployment/web", "team=shop")).toStrictEqual(QUIET);
      expect(await act(STANDING, "rollout", "restart", "deployment/web")).toStrictEqual(QUIET);
      expect(await act(STANDING, "scale", "deployment/web", "--replicas=1")).toStrictEqual(QUIET);
      await waitUntil({ what: "a pod of the Deployment", within: STATUS_FOLLOWS }, async () => {
        const { items } = await kubectlJson<{ items: object[] }>("get", "pods", "-n", STANDING);
        return items.length === 1;
      });
    },
    WHOLE_TEST,
  );

  test(
    "may get another image, and no other probes than those that do not violate it",
    async () => {
      const image = ["set", "image", "deployment/web", "web=registry.example.com/web:2"];
      expect(await act(STANDING, ...image)).toStrictEqual(QUIET);
      expect(await act(STANDING, "rollout", "undo", "deployment/web")).toStrictEqual(QUIET);
      const probes = (more: object) => {
        const containers = [{ name: "web", ...more }];
        const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
        return act(STANDING, "patch", "deployment/web", "-p", patch);
      };
      const probe = { tcpSocket: { port: 80 } };
      expect((await probes({ livenessProbe: probe })).refusal).toContain(denied(MISSING));
      expect(await probes({ readinessProbe: probe })).toStrictEqual(QUIET);
    },
    KUBECTL,
  );

  test(
    "still runs: a CronJob makes its Jobs, which nobody may create by himself",
    async () => {
      const from = ["create", "job", "run-1", "--from=cronjob/report"];
      expect(await act(STANDING, ...from)).toStrictEqual(QUIET);
      const alone = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "run-2" }, spec: job };
      expect((await dryRun(STANDING, JSON.stringify(alone))).refusal).toBe(
        denied(
          'container "web": livenessProbe.timeoutSeconds is 1 (the default) for a command; write 5 or more',
        ),
      );
    },
    KUBECTL,
  );
});

describe("a ClusterHealthPolicy that names them", () => {
  const never = excludedNamespaces(OPERATOR_NAMESPACE);
  const values = [...never, EXCLUDED];
  const key = "kubernetes.io/metadata.name";
  const spec = {
    namespaceSelector: { matchExpressions: [{ key, operator: "In", values }] },
    standards: { enforcement: "Deny", readinessProbe: { required: true } },
  };

  beforeAll(async () => {
    await reachedNamespace(EXCLUDED, "none");
    const policy = { ...standardsFor(EXCLUDED, "none", {}), spec };
    await enforce(EXCLUDED, [policy], bare("web"));
  }, WHOLE_TEST);
  afterAll(() => release(EXCLUDED), KUBECTL);

  test.each(never)(
    "does not reach %s",
    async (namespace) => {
      expect((await dryRun(EXCLUDED, bare("web"))).refusal).toContain(MISSING);
      expect(await dryRun(namespace, bare("web-never-stored"))).toStrictEqual(QUIET);
    },
    KUBECTL,
  );
});
