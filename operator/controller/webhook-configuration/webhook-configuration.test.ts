import { describe, expect, test } from "@jest/globals";
import type { LabelSelector } from "../../api/v1alpha1-selector.ts";
import { calledNamespaces } from "./called-namespaces.ts";
import { webhookConfiguration } from "./webhook-configuration.ts";

const OWNER = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  name: "healthpolicy-operator",
  uid: "uid-of-role",
};

function configuration(namespaces: string[], selectors: LabelSelector[] = []) {
  const applied = { selectors, namespaces: [] };
  return webhookConfiguration({
    caBundle: "PEM",
    called: calledNamespaces({ namespaces, applied, ownNamespace: "healthpolicy-system" }),
    target: { namespace: "healthpolicy-system", service: "the-service", timeoutSeconds: 3 },
    owner: OWNER,
  });
}

/** The namespaces that a webhook is for. */
function selected(webhook: ReturnType<typeof configuration>["webhooks"][number] | undefined) {
  return webhook?.namespaceSelector as { matchExpressions: { values?: string[] }[] } | undefined;
}

/** The requirement on the namespace's name. */
function names(namespaces: string[]) {
  return selected(configuration(namespaces).webhooks[0])?.matchExpressions[0];
}

/** The names of the webhooks. */
function webhooks(namespaces: string[]): string[] {
  return configuration(namespaces).webhooks.map(({ name }) => name);
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `ns-${String(index).padStart(4, "0")}`);
}

test("the whole configuration", () => {
  expect(configuration(["shop", "bank"])).toStrictEqual({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "healthpolicy", ownerReferences: [OWNER] },
    webhooks: [
      {
        name: "inject.healthpolicy.dev",
        admissionReviewVersions: ["v1"],
        clientConfig: {
          service: {
            namespace: "healthpolicy-system",
            name: "the-service",
            path: "/mutate",
            port: 443,
          },
          caBundle: "UEVN",
        },
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["pods"],
            scope: "Namespaced",
          },
        ],
        failurePolicy: "Ignore",
        matchPolicy: "Equivalent",
        reinvocationPolicy: "IfNeeded",
        sideEffects: "None",
        timeoutSeconds: 3,
        namespaceSelector: {
          matchExpressions: [
            { key: "kubernetes.io/metadata.name", operator: "In", values: ["bank", "shop"] },
            { key: "healthpolicy.dev/inject", operator: "NotIn", values: ["false"] },
          ],
        },
        objectSelector: {
          matchExpressions: [
            { key: "healthpolicy.dev/inject", operator: "NotIn", values: ["false"] },
          ],
        },
      },
      {
        name: "prove.healthpolicy.dev",
        admissionReviewVersions: ["v1"],
        clientConfig: {
          service: {
            namespace: "healthpolicy-system",
            name: "the-service",
            path: "/prove",
            port: 443,
          },
          caBundle: "UEVN",
        },
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["configmaps"],
            scope: "Namespaced",
          },
        ],
        failurePolicy: "Ignore",
        matchPolicy: "Equivalent",
        reinvocationPolicy: "Never",
        sideEffects: "None",
        timeoutSeconds: 3,
        namespaceSelector: {
          matchExpressions: [
            { key: "kubernetes.io/metadata.name", operator: "In", values: ["healthpolicy-system"] },
          ],
        },
        objectSelector: {
          matchExpressions: [
            { key: "healthpolicy.dev/webhook-proof", operator: "In", values: ["true"] },
          ],
        },
      },
    ],
  });
});

test.each([0, 1, 501])(
  "the proof is the same with %i namespaces: it reaches no pod, and no other namespace",
  (count) => {
    expect(configuration(many(count)).webhooks.at(-1)).toStrictEqual(
      configuration(["shop"]).webhooks[1],
    );
  },
);

describe("namespaces", () => {
  test("none: only the proof, because an empty list would not match nothing", () => {
    expect(webhooks([])).toEqual(["prove.healthpolicy.dev"]);
  });

  test("those that are never injected are left out", () => {
    const excluded = ["kube-system", "kube-node-lease", "healthpolicy-system"];
    expect(webhooks(excluded)).toEqual(["prove.healthpolicy.dev"]);
    expect(names([...excluded, "shop"])?.values).toEqual(["shop"]);
  });

  test("the order in which they come makes no difference", () => {
    expect(configuration(["b", "a", "b"])).toEqual(configuration(["a", "b"]));
  });

  test("500 are listed", () => {
    expect(names(many(500))).toMatchObject({ operator: "In", values: many(500) });
  });

  test("above 500 all are called but the excluded ones", () => {
    expect(names(many(501))).toEqual({
      key: "kubernetes.io/metadata.name",
      operator: "NotIn",
      values: ["healthpolicy-system", "kube-node-lease", "kube-system"],
    });
    expect(selected(configuration(many(501)).webhooks[0])?.matchExpressions[1]).toEqual({
      key: "healthpolicy.dev/inject",
      operator: "NotIn",
      values: ["false"],
    });
  });
});

describe("namespaces in which standards are applied", () => {
  const SYSTEM = ["healthpolicy-system", "kube-node-lease", "kube-system"];
  const notIn = (values: string[]) => ({
    key: "kubernetes.io/metadata.name",
    operator: "NotIn",
    values,
  });
  const notOptedOut = { key: "healthpolicy.dev/inject", operator: "NotIn", values: ["false"] };
  const team: LabelSelector = {
    matchLabels: { team: "shop" },
    matchExpressions: [{ key: "stage", operator: "Exists" }],
  };

  test("are selected by their labels, so that one is reached from its first pod on", () => {
    const [standards] = configuration([], [team]).webhooks;
    const [injection] = configuration(["shop"]).webhooks;
    expect(standards).toStrictEqual({
      ...injection,
      name: "standards-0.healthpolicy.dev",
      namespaceSelector: {
        matchLabels: { team: "shop" },
        matchExpressions: [{ key: "stage", operator: "Exists" }, notIn(SYSTEM), notOptedOut],
      },
    });
  });

  test("are not selected again where they are listed: a pod would cost two calls", () => {
    const { webhooks: all } = configuration(["shop", "bank"], [team, {}]);
    expect(all.map(({ name }) => name)).toStrictEqual([
      "inject.healthpolicy.dev",
      "standards-0.healthpolicy.dev",
      "prove.healthpolicy.dev",
    ]);
    expect(all[1]?.namespaceSelector).toStrictEqual({
      matchExpressions: [notIn([...SYSTEM, "bank", "shop"]), notOptedOut],
    });
  });
});
