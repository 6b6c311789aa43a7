import { describe, expect, jest, test } from "@jest/globals";
import {
  excludedNamespaces,
  NUDGE_ANNOTATION,
  NUDGE_FIELD_MANAGER,
  POLICY_ANNOTATION,
  policyConfigMapName,
  WEBHOOK_PROOF_CONFIG_MAP,
} from "../../operator/api/names.ts";
import { HELM_TIMEOUT_MS, type Manifest, NAMESPACE, only, render, renderTests } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const POLICY = "ValidatingAdmissionPolicy";
const BINDING = "ValidatingAdmissionPolicyBinding";
const NAMES = [
  "healthpolicy-secret-access",
  "healthpolicy-configmaps",
  "healthpolicy-eviction-access",
  "healthpolicy-evictions",
  "healthpolicy-webhook",
];
const STANDARDS = [
  ["healthpolicy-standards-warn", "Warn"],
  ["healthpolicy-standards-deny", "Deny"],
] as const;
const WARNINGS = ["healthpolicy-ignored-label", "healthpolicy-policy-warnings"];
const ALL = [...NAMES, ...STANDARDS.map(([name]) => name), ...WARNINGS];

const manifests = render();
const namesOf = (objects: readonly Manifest[], kind: string) =>
  objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

test("nothing of the nudge is there unless it is asked for: right, admission policy, setting", () => {
  const nudge = (objects: readonly Manifest[]) => ({
    policies: namesOf(objects, POLICY).filter((name) => name.endsWith("-nudge")),
    bindings: namesOf(objects, BINDING).filter((name) => name.endsWith("-nudge")),
    patches: only(objects, "ClusterRole", "healthpolicy-operator").rules.filter(
      ({ resources, verbs }: { resources: string[]; verbs: string[] }) =>
        resources.includes("pods") && verbs.includes("patch"),
    ),
    setting: only(objects, "Deployment").spec.template.spec.containers[0].env.find(
      ({ name }: { name: string }) => name === "NUDGE",
    ).value,
  });
  expect(nudge(manifests)).toStrictEqual({
    policies: [],
    bindings: [],
    patches: [],
    setting: "false",
  });
  const asked = render("--set", "nudge.enabled=true");
  expect(nudge(asked)).toStrictEqual({
    policies: ["healthpolicy-nudge"],
    bindings: ["healthpolicy-nudge"],
    patches: [{ apiGroups: [""], resources: ["pods"], verbs: ["patch"] }],
    setting: "true",
  });
  expect(only(asked, POLICY, "healthpolicy-nudge").spec.failurePolicy).toBe("Fail");
  expect(only(asked, BINDING, "healthpolicy-nudge").spec.validationActions).toStrictEqual(["Deny"]);
  const expressions = JSON.stringify(only(asked, POLICY, "healthpolicy-nudge").spec);
  for (const name of [NUDGE_ANNOTATION, NUDGE_FIELD_MANAGER, POLICY_ANNOTATION])
    expect(expressions).toContain(`'${name}'`);
});

test("the rule about evictions goes with the right, and leaves out the namespaces that no policy reaches", () => {
  const name = "healthpolicy-evictions";
  const without = render("--set", "rollout.evictionsPerMinute=0");
  for (const kind of [POLICY, BINDING]) expect(namesOf(without, kind)).not.toContain(name);
  const namespaces = (objects: readonly Manifest[]) => {
    const [{ expression }] = only(objects, POLICY, name).spec.validations;
    return [...expression.matchAll(/'([^']+)'/g)].map(([, found]) => found).sort();
  };
  expect(namespaces(manifests)).toStrictEqual(excludedNamespaces(NAMESPACE));
  const elsewhere = render("--set", "namespaceOverride=ops");
  expect(namespaces(elsewhere)).toStrictEqual(excludedNamespaces("ops"));
});

test.each(NAMES)("%s refuses, also when its expressions fail", (name) => {
  expect(only(manifests, POLICY, name).spec.failurePolicy).toBe("Fail");
  expect(only(manifests, BINDING, name).spec).toStrictEqual({
    policyName: name,
    validationActions: ["Deny"],
  });
});

test.each(WARNINGS)("%s warns, whatever else happens, and asks for no parameter", (name) => {
  expect(only(manifests, POLICY, name).spec.failurePolicy).toBe("Ignore");
  expect(only(manifests, BINDING, name).spec).toStrictEqual({
    policyName: name,
    validationActions: ["Warn"],
  });
});

test.each(STANDARDS)("%s never stops a request that it cannot judge", (name, action) => {
  expect(only(manifests, POLICY, name).spec.failurePolicy).toBe("Ignore");
  expect(only(manifests, BINDING, name).spec).toStrictEqual({
    policyName: name,
    validationActions: [action],
    paramRef: { selector: {}, parameterNotFoundAction: "Allow" },
    matchResources: {
      namespaceSelector: {
        matchExpressions: [
          {
            key: "kubernetes.io/metadata.name",
            operator: "NotIn",
            values: expect.any(Array),
          },
        ],
      },
    },
  });
});

describe.each(STANDARDS)("%s (%s)", (name, _) => {
  const leftOut = (...values: string[]): string[] =>
    only(
      render(...values),
      BINDING,
      name,
    ).spec.matchResources.namespaceSelector.matchExpressions[0].values.toSorted();

  test("leaves out the namespaces that no policy reaches", () => {
    const values = ["--set", "helmTest.enabled=false"];
    expect(leftOut(...values)).toStrictEqual(excludedNamespaces(NAMESPACE));
    values.push("--set", "namespaceOverride=ops");
    expect(leftOut(...values)).toStrictEqual(excludedNamespaces("ops"));
  });

  test("leaves out the namespace of `helm test`: the pod that it tries has no probes, and nobody is to mend it", () => {
    for (const values of [[], ["--set", "namespaceOverride=ops"]]) {
      const tried = only(renderTests(...values), "HealthPolicy").metadata.namespace;
      expect(leftOut(...values)).toContain(tried);
    }
  });
});

test.each([
  ["secretAccess", ["healthpolicy-secret-access"]],
  ["configMaps", ["healthpolicy-configmaps"]],
  ["evictionAccess", ["healthpolicy-eviction-access"]],
  ["standards", STANDARDS.map(([name]) => name)],
  ["warnings", WARNINGS],
])("admissionPolicies.%s=false takes away %j alone", (value, gone) => {
  const objects = render("--set", `admissionPolicies.${value}=false`);
  const left = ALL.filter((name) => !gone.includes(name));
  expect(namesOf(objects, POLICY).sort()).toStrictEqual(left.toSorted());
  expect(namesOf(objects, BINDING).sort()).toStrictEqual(left.toSorted());
});

test("the names of two releases differ", () => {
  const objects = render("--set", "fullnameOverride=other");
  expect(namesOf(objects, POLICY).sort()).toStrictEqual([
    "other-configmaps",
    "other-eviction-access",
    "other-evictions",
    "other-ignored-label",
    "other-policy-warnings",
    "other-secret-access",
    "other-standards-deny",
    "other-standards-warn",
    "other-webhook",
  ]);
});

describe("the rule about ConfigMaps", () => {
  const { matchConditions, variables, validations } = only(manifests, POLICY, NAMES[1]).spec;
  const texts: string[] = [...matchConditions, ...variables, ...validations].map(
    ({ expression }: { expression: string }) => expression,
  );

  test("reserves the prefix that the operator uses, and its proof", () => {
    const literals = texts.flatMap((text) => [...text.matchAll(/'(healthpolicy-[^']*)'/g)]);
    const names = new Set(literals.map(([, name]) => name));
    expect(names).toStrictEqual(
      new Set([policyConfigMapName(""), WEBHOOK_PROOF_CONFIG_MAP, NAMESPACE]),
    );
  });

  test("lets the operator delete none, though its role does", () => {
    expect(texts).toContain("!variables.byOperator || request.operation != 'DELETE'");
  });

  test("means the account that the operator's pods run as", () => {
    const account = only(manifests, "ServiceAccount").metadata.name;
    const user = `'system:serviceaccount:${NAMESPACE}:${account}'`;
    expect(texts.filter((text) => text.includes(user))).toHaveLength(2);
    const renamed = render("--set", "serviceAccount.name=robot", "--set", "namespaceOverride=ops");
    expect(JSON.stringify(only(renamed, POLICY, NAMES[1]))).toContain(
      "'system:serviceaccount:ops:robot'",
    );
  });
});
