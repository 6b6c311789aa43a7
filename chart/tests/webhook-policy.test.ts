/** What the admission policy about the operator's own webhook configuration leaves it: what it writes, and no more. */
import { describe, expect, jest, test } from "@jest/globals";
import { judge } from "../../operator/api/testing/judge.ts";
import type { LabelSelector } from "../../operator/api/v1alpha1-selector.ts";
import {
  calledNamespaces,
  MAX_LISTED_NAMESPACES,
} from "../../operator/controller/webhook-configuration/called-namespaces.ts";
import { webhookConfiguration } from "../../operator/controller/webhook-configuration/webhook-configuration.ts";
import { HELM_TIMEOUT_MS, type Manifest, NAMESPACE, only, render } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const POLICY = "ValidatingAdmissionPolicy";
const BINDING = "ValidatingAdmissionPolicyBinding";
const NAME = "healthpolicy-webhook";
const manifests = render();

interface Setup {
  namespaces?: readonly string[];
  selectors?: readonly LabelSelector[];
  namespace?: string;
  service?: string;
  timeoutSeconds?: number;
}

/** What the operator writes. */
function written({
  namespaces = ["shop"],
  selectors = [],
  namespace = NAMESPACE,
  service = "healthpolicy-webhook",
  timeoutSeconds = 3,
}: Setup = {}) {
  return webhookConfiguration({
    caBundle: "PEM",
    called: calledNamespaces({
      namespaces,
      applied: { selectors, namespaces: [] },
      ownNamespace: namespace,
    }),
    target: { namespace, service, timeoutSeconds },
    owner: { apiVersion: "v1", kind: "ClusterRole", name: "healthpolicy-operator", uid: "uid" },
  });
}

/** The refusals of what `username` writes, or the name of the condition that leaves the request out. */
function said(
  object: object,
  username = `system:serviceaccount:${NAMESPACE}:healthpolicy`,
  objects: readonly Manifest[] = manifests,
  name = NAME,
) {
  const resource = { resource: "mutatingwebhookconfigurations" };
  const request = { operation: "UPDATE", resource, userInfo: { username } } as const;
  return judge(only(objects, POLICY, name).spec, { request, object, oldObject: written() });
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `team-${index}`);
const labels = (count: number): LabelSelector[] =>
  many(count).map((team) => ({ matchLabels: { team } }));

describe("the operator may write", () => {
  test.each<[string, Setup]>([
    ["a list of namespaces", {}],
    ["nothing but its proof, while there is no policy", { namespaces: [] }],
    ["the longest list", { namespaces: many(MAX_LISTED_NAMESPACES) }],
    ["every namespace", { namespaces: many(MAX_LISTED_NAMESPACES + 1) }],
    ["as many selectors as it takes, and a list", { selectors: labels(4) }],
    ["more selectors than it takes", { selectors: labels(5) }],
    ["a selector for every namespace", { namespaces: [], selectors: [{}] }],
    [
      "a selector of names, of its own namespace among them",
      {
        selectors: [
          {
            matchExpressions: [
              { key: "kubernetes.io/metadata.name", operator: "In", values: [NAMESPACE, "a"] },
              { key: "team", operator: "Exists" },
            ],
          },
        ],
      },
    ],
    ["the longest timeout of the chart's values", { timeoutSeconds: 5 }],
  ])("%s", (_, setup) => {
    expect(said(written(setup))).toStrictEqual([]);
  });

  test("what the first versions wrote: no proof, and without a policy no webhook", () => {
    const [injection] = written().webhooks;
    expect(said({ ...written(), webhooks: [injection] })).toStrictEqual([]);
    const { webhooks: _, ...without } = written();
    for (const object of [without, { ...without, webhooks: [] }])
      expect(said(object)).toStrictEqual([]);
  });

  test("its configuration under other names of namespace, release and account", () => {
    const objects = render(
      "--set=namespaceOverride=ops,fullnameOverride=other,serviceAccount.name=robot",
    );
    const user = "system:serviceaccount:ops:robot";
    const own = written({ namespace: "ops", service: "other-webhook" });
    expect(said(own, user, objects, "other-webhook")).toStrictEqual([]);
    expect(said(written(), user, objects, "other-webhook")).not.toStrictEqual([]);
  });
});

const CALLS = "may have API servers call nothing but its own Service, at /mutate and /prove.";
const FAILS =
  "may write six webhooks at most, each with failurePolicy Ignore and 5 timeoutSeconds at most.";
const PODS =
  "may have its webhook asked about nothing but new pods, and about none of the cluster's own namespaces and its own.";
const PROOF =
  "may have its proof asked about nothing but the ConfigMap that it is for, in its own namespace.";

const [INJECTION, PROVING] = written().webhooks;
const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] };
const service = { namespace: NAMESPACE, name: "healthpolicy-webhook", path: "/mutate" };
const named = (operator: string, ...values: string[]) => ({
  namespaceSelector: {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator, values }],
  },
});

describe("it may not write", () => {
  test.each<[string, object, string]>([
    ["another host", { clientConfig: { url: "https://elsewhere.example/x" } }, CALLS],
    ["another host beside it", { clientConfig: { service, url: "https://a.example" } }, CALLS],
    ["another Service", { clientConfig: { service: { ...service, name: "other" } } }, CALLS],
    ["another namespace", { clientConfig: { service: { ...service, namespace: "shop" } } }, CALLS],
    ["another path", { clientConfig: { service: { ...service, path: "/policies" } } }, CALLS],
    ["no path", { clientConfig: { service: { ...service, path: undefined } } }, CALLS],
    ["that requests fail", { failurePolicy: "Fail" }, FAILS],
    ["that requests wait for long", { timeoutSeconds: 6 }, FAILS],
    ["Secrets", { rules: [{ ...rule, resources: ["secrets"] }] }, PODS],
    ["ConfigMaps for injection", { rules: [{ ...rule, resources: ["configmaps"] }] }, PODS],
    ["one more rule", { rules: [rule, { ...rule, resources: ["pods/exec"] }] }, PODS],
    ["two kinds in one rule", { rules: [{ ...rule, resources: ["pods", "secrets"] }] }, PODS],
    ["another API group", { rules: [{ ...rule, apiGroups: ["*"] }] }, PODS],
    ["changes of pods", { rules: [{ ...rule, operations: ["CREATE", "UPDATE"] }] }, PODS],
    ["every namespace", { namespaceSelector: {} }, PODS],
    ["kube-system", named("In", "shop", "kube-system"), PODS],
    ["its own namespace", named("NotIn", "kube-system", "kube-node-lease"), PODS],
    ["any name of a namespace", named("Exists"), PODS],
  ])("injection with %s", (_, change, refusal) => {
    const object = { ...written(), webhooks: [{ ...INJECTION, ...change }, PROVING] };
    const plain = JSON.parse(JSON.stringify(object)) as object;
    expect(said(plain)).toStrictEqual([`The operator of HealthPolicy ${refusal}`]);
  });

  test.each<[string, object]>([
    ["Secrets", { rules: [{ ...rule, resources: ["secrets"] }] }],
    ["pods", { rules: [rule] }],
    [
      "deletions",
      { rules: [{ ...rule, resources: ["configmaps"], operations: ["CREATE", "DELETE"] }] },
    ],
    ["ConfigMaps of other namespaces", named("In", NAMESPACE, "shop")],
    ["ConfigMaps of all namespaces but one", named("NotIn", NAMESPACE)],
    ["ConfigMaps of every namespace", { namespaceSelector: {} }],
    ["every ConfigMap of its namespace", { objectSelector: {} }],
    [
      "ConfigMaps with another value of the label",
      {
        objectSelector: {
          matchExpressions: [
            { key: "healthpolicy.dev/webhook-proof", operator: "In", values: ["true", "yes"] },
          ],
        },
      },
    ],
  ])("a proof about %s", (_, change) => {
    const object = { ...written(), webhooks: [INJECTION, { ...PROVING, ...change }] };
    expect(said(object)).toStrictEqual([`The operator of HealthPolicy ${PROOF}`]);
  });

  test("more webhooks than it ever has", () => {
    const most = written({ selectors: labels(4) });
    expect(most.webhooks).toHaveLength(6);
    const more = { ...most, webhooks: [...most.webhooks, INJECTION] };
    expect(said(more)).toStrictEqual([`The operator of HealthPolicy ${FAILS}`]);
  });
});

test("it may not delete it, though its role has the verb, and whoever else has the right may", () => {
  const { spec } = only(manifests, POLICY, NAME);
  const rules: { operations: string[] }[] = spec.matchConstraints.resourceRules;
  expect(rules.map(({ operations }) => operations)).toStrictEqual([["CREATE", "UPDATE", "DELETE"]]);
  const asked = (username: string) =>
    judge(spec, {
      request: {
        operation: "DELETE",
        resource: { resource: "mutatingwebhookconfigurations" },
        userInfo: { username },
      },
      object: null,
      oldObject: written(),
    });
  expect(asked(`system:serviceaccount:${NAMESPACE}:healthpolicy`)).toStrictEqual([
    "The operator of HealthPolicy may delete no webhook configuration; its role has the verb to give it its owner.",
  ]);
  expect(asked("system:serviceaccount:kube-system:generic-garbage-collector")).toBe("operator");
});

test("nobody else is asked", () => {
  const url = { ...written(), webhooks: [{ ...INJECTION, clientConfig: { url: "https://a" } }] };
  expect(said(url, "system:admin")).toBe("operator");
});

test("it refuses, also when its expressions fail, and is gone with the right alone", () => {
  expect(only(manifests, POLICY, NAME).spec.failurePolicy).toBe("Fail");
  expect(only(manifests, BINDING, NAME).spec).toStrictEqual({
    policyName: NAME,
    validationActions: ["Deny"],
  });
  const names = (...values: string[]) =>
    render(...values)
      .filter(({ kind, metadata }) => [POLICY, BINDING].includes(kind) && metadata.name === NAME)
      .map(({ kind }) => kind);
  expect(names("--set", "webhook.certManager.enabled=true")).toStrictEqual([]);
  expect(names("--set", "webhook.existingSecret=theirs").sort()).toStrictEqual([POLICY, BINDING]);
});
