/** In a CEL library; test/e2e/standards.test.ts asks the API server. */
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { ENFORCEMENTS } from "../v1alpha1-cluster-standards.ts";
import { standardsSpec } from "./admission-policies.ts";
import { type AdmissionCase, admit } from "./testing/admission.ts";
import { EVERY_RULE, EXAMPLES } from "./testing/examples.ts";

const TEAM = { team: "shop" };
const [EXAMPLE] = EXAMPLES;
if (!EXAMPLE) throw new Error("no example");
const SENTENCE = `ClusterHealthPolicy strict: ${EXAMPLE.sentence}`;

function policy(enforcement: string) {
  const { spec, ...rest } = parse(EVERY_RULE);
  return { ...rest, spec: { ...spec, standards: { ...spec.standards, enforcement } } };
}

const create = (object: object, more: Partial<AdmissionCase> = {}): AdmissionCase => ({
  resource: "deployments",
  operation: "CREATE",
  object,
  params: policy("Warn"),
  labels: TEAM,
  ...more,
});
const violating = parse(EXAMPLE.violating);
const template = violating.spec.template;

test.each([
  ["Warn", ["Warn", "Apply"]],
  ["Deny", ["Deny"]],
] as const)("%s acts on enforcement %j alone", (action, acting) => {
  for (const enforcement of ENFORCEMENTS) {
    const said = admit(action, create(violating, { params: policy(enforcement) }));
    const acts = (acting as readonly string[]).includes(enforcement);
    expect([enforcement, said]).toStrictEqual([enforcement, acts ? [SENTENCE] : "enforced"]);
  }
  const none = { metadata: { name: "none" }, spec: { namespaceSelector: {} } };
  expect(admit(action, create(violating, { params: none }))).toBe("enforced");
});

describe("judged is", () => {
  const owned = { ownerReferences: [{ kind: "CronJob", name: "report" }] };
  const controlled = {
    ownerReferences: [
      { kind: "Tenant", name: "shop" },
      { kind: "Database", name: "orders", controller: true },
    ],
  };
  const pod = { metadata: { name: "web" }, spec: template.spec };
  const cronJob = { metadata: {}, spec: { jobTemplate: { spec: { template } } } };

  test.each<[string, string, object]>([
    ["a StatefulSet", "statefulsets", violating],
    ["a DaemonSet", "daemonsets", violating],
    ["a Job", "jobs", violating],
    ["a CronJob", "cronjobs", cronJob],
    ["a pod", "pods", pod],
    ["a pod without owners", "pods", { ...pod, metadata: { ownerReferences: [] } }],
    ["a ReplicaSet made by hand", "replicasets", violating],
    ["a ReplicationController made by hand", "replicationcontrollers", violating],
    ["a Deployment that goes with something", "deployments", { ...violating, metadata: owned }],
  ])("%s", (_, resource, object) => {
    expect(admit("Warn", create(object, { resource }))).toStrictEqual([SENTENCE]);
  });

  test.each<[string, string, object, object]>([
    ["a Job of a CronJob", "jobs", violating, owned],
    ["a pod of a workload", "pods", pod, owned],
    ["a ReplicaSet of a Deployment", "replicasets", violating, owned],
    ["a ReplicationController of something", "replicationcontrollers", violating, owned],
    ["a StatefulSet that a controller made", "statefulsets", violating, controlled],
  ])("not %s", (_, resource, object, metadata) => {
    const asked = create({ ...object, metadata }, { resource });
    expect(admit("Warn", asked)).toBe("written-by-hand");
    expect(admit("Deny", { ...asked, params: policy("Deny") })).toBe("written-by-hand");
  });

  test("nothing else", () => {
    const { matchConstraints } = standardsSpec("Deny") as {
      matchConstraints: {
        resourceRules: {
          apiGroups: string[];
          apiVersions: string[];
          operations: string[];
          resources: string[];
        }[];
      };
    };
    const rules = matchConstraints.resourceRules.map((rule) => [
      `${rule.apiGroups.join()}/${rule.apiVersions.join()}`,
      rule.operations.join(),
      rule.resources.join(),
    ]);
    expect(rules).toStrictEqual([
      ["apps/v1", "CREATE,UPDATE", "deployments,statefulsets,daemonsets,replicasets"],
      ["batch/v1", "CREATE,UPDATE", "jobs,cronjobs"],
      ["/v1", "CREATE,UPDATE", "replicationcontrollers"],
      ["/v1", "CREATE", "pods"],
    ]);
  });
});

describe("many violations", () => {
  const containers = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
  const pods = (count: number) => ({
    metadata: {},
    spec: { template: { spec: { containers: containers(count) } } },
  });
  const params = (enforcement: string) => ({
    metadata: { name: "strict" },
    spec: {
      namespaceSelector: {},
      standards: { enforcement, readinessProbe: { required: true } },
    },
  });
  const sentence = (index: number) =>
    `container "c${index}": readinessProbe is missing; write one that tells whether the app can take requests`;
  const first = (count: number) => Array.from({ length: count }, (_, index) => sentence(index));
  const prefixed = (text: string) => `ClusterHealthPolicy strict: ${text}`;

  test.each([1, 15])("are %d warnings of their own", (count) => {
    expect(admit("Warn", create(pods(count), { params: params("Warn") }))).toStrictEqual(
      first(count).map(prefixed),
    );
  });

  test("are counted from the sixteenth on", () => {
    expect(admit("Warn", create(pods(40), { params: params("Warn") }))).toStrictEqual([
      ...first(15).map(prefixed),
      prefixed("and 25 more"),
    ]);
  });

  test.each([
    [8, ""],
    [9, " | and 1 more"],
  ])("%d are refused in one message", (count, rest) => {
    expect(admit("Deny", create(pods(count), { params: params("Deny") }))).toStrictEqual([
      `${prefixed(first(8).join(" | "))}${rest}`,
    ]);
  });

  test("fit the message that an API server shows, at their longest", () => {
    // Of the API server: a longer one gives way to the fixed text.
    const MOST = 5 * 1_024;
    const path = `/${"p".repeat(255)}`;
    const long = Array.from({ length: 9 }, (_, index) => ({
      name: `${index}`.padStart(63, "a"),
      livenessProbe: { httpGet: { path, port: 80 } },
    }));
    const asked = {
      metadata: { name: "s".repeat(63) },
      spec: {
        namespaceSelector: {},
        standards: { enforcement: "Deny", livenessProbe: { forbiddenPaths: [path] } },
      },
    };
    const object = { metadata: {}, spec: { template: { spec: { containers: long } } } };
    const [message] = admit("Deny", create(object, { params: asked }));
    expect(message).toContain("and 1 more");
    expect(message?.length).toBeLessThan(MOST);
  });
});
