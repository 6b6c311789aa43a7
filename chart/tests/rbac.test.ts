import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { expectGolden } from "./expect-golden.ts";
import { CHART, type Manifest, NAMESPACE, only, render } from "./helm.ts";

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

const EVICTION = "pods/eviction";

const manifests = render();
/** The operator's own role of this kind. */
const role = (kind: string): Manifest => only(manifests, kind, "healthpolicy-operator");
const rules = (kind: string): Rule[] => role(kind).rules;
const all = [...rules("ClusterRole"), ...rules("Role")];
const about = (rulesToSearch: readonly Rule[], resource: string) =>
  rulesToSearch.filter(({ resources }) =>
    resources.some((name) => name.split("/")[0] === resource),
  );

test("the rights are the golden ones", () => {
  const text = stringify({ ClusterRole: rules("ClusterRole"), Role: rules("Role") });
  expectGolden(join(CHART, "tests/testdata/rbac.yaml"), text);
});

describe("the operator", () => {
  test("has no wildcard", () => {
    expect(JSON.stringify(all)).not.toContain("*");
  });

  test("reaches one Secret, its certificate's, in its own namespace", () => {
    expect(about(rules("ClusterRole"), "secrets")).toStrictEqual([]);
    expect(about(rules("Role"), "secrets")).toStrictEqual([
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: [only(manifests, "Secret").metadata.name],
        verbs: ["list", "watch", "create", "patch"],
      },
    ]);
    expect(role("Role").metadata.namespace).toBe(NAMESPACE);
  });

  test("has no verb on workloads, and only looks at pods", () => {
    const groups = all.flatMap(({ apiGroups }) => apiGroups);
    expect(groups).not.toContain("apps");
    expect(groups).not.toContain("batch");
    const pods = about(all, "pods").filter(({ resources }) => !resources.includes(EVICTION));
    expect(pods.flatMap(({ verbs }) => verbs)).toStrictEqual(["list", "watch"]);
    expect(all.flatMap(({ resources }) => resources)).not.toContain("pods/exec");
  });

  test("may evict pods, unless it is to evict none", () => {
    const evicting = (from: readonly Rule[]) =>
      from.filter(({ resources }) => resources.includes(EVICTION));
    expect(evicting(all)).toStrictEqual([
      { apiGroups: [""], resources: [EVICTION], verbs: ["create"] },
    ]);
    const none = render("--set", "rollout.evictionsPerMinute=0");
    expect(evicting(only(none, "ClusterRole", "healthpolicy-operator").rules)).toStrictEqual([]);
  });

  test("only adds Events", () => {
    expect(about(all, "events").flatMap(({ verbs }) => verbs)).toStrictEqual(["create"]);
  });

  test("only looks at Services", () => {
    expect(about(all, "services").flatMap(({ verbs }) => verbs)).toStrictEqual(["list", "watch"]);
  });

  test("cannot read a ConfigMap, and may delete one where RBAC alone is asked, to give it an owner", () => {
    expect(about(all, "configmaps").flatMap(({ verbs }) => verbs)).toStrictEqual([
      "create",
      "patch",
      "delete",
    ]);
  });

  test("may delete its webhook configuration where RBAC alone is asked, to give it an owner", () => {
    expect(about(all, "mutatingwebhookconfigurations").map(({ verbs }) => verbs)).toStrictEqual([
      ["create", "patch", "delete"],
    ]);
  });

  test("changes what is not namespaced only by name, and deletes nothing else", () => {
    const clusterScoped = ["mutatingwebhookconfigurations", "clusterroles"];
    for (const resource of clusterScoped) {
      const [rule, ...more] = about(all, resource);
      expect(more).toStrictEqual([]);
      expect(rule?.resourceNames).toHaveLength(1);
    }
    const owned = ["configmaps", "mutatingwebhookconfigurations"];
    const others = all.filter(({ resources }) => !owned.some((name) => resources.includes(name)));
    const verbs = new Set(others.flatMap((rule) => rule.verbs));
    expect([...verbs].sort()).toStrictEqual(["create", "get", "list", "patch", "update", "watch"]);
  });

  test("cannot give itself more rights", () => {
    const [rule] = about(all, "clusterroles");
    expect(rule?.verbs).toStrictEqual(["get"]);
    expect(rule?.resourceNames).toStrictEqual([role("ClusterRole").metadata.name]);
  });
});

describe.each([
  ["ClusterRoleBinding", "ClusterRole"],
  ["RoleBinding", "Role"],
])("the %s", (bindingKind, roleKind) => {
  test(`gives the ${roleKind} to the operator's account alone`, () => {
    const binding = only(manifests, bindingKind);
    const account: Manifest = only(manifests, "ServiceAccount");
    expect(binding.roleRef).toMatchObject({
      kind: roleKind,
      name: role(roleKind).metadata.name,
    });
    expect(binding.subjects).toStrictEqual([
      { kind: "ServiceAccount", name: account.metadata.name, namespace: NAMESPACE },
    ]);
  });
});

describe("Kubernetes' own roles", () => {
  const READ = ["get", "list", "watch"];

  test.each([
    ["view", ["aggregate-to-view"], READ],
    [
      "edit",
      ["aggregate-to-edit", "aggregate-to-admin"],
      [...READ, "create", "update", "patch", "delete"],
    ],
  ])("%s: what it may do with HealthPolicies, and with nothing else", (name, labels, verbs) => {
    const found = only(manifests, "ClusterRole", `healthpolicy-${name}`);
    expect(found.rules).toStrictEqual([
      { apiGroups: ["healthpolicy.dev"], resources: ["healthpolicies"], verbs },
    ]);
    const aggregated = Object.keys(found.metadata.labels ?? {}).filter((label) =>
      label.startsWith("rbac.authorization.k8s.io/"),
    );
    expect(aggregated).toStrictEqual(labels.map((one) => `rbac.authorization.k8s.io/${one}`));
  });

  test("are left alone where that is not wanted", () => {
    const roles = render("--set", "rbac.aggregateRoles=false").filter(
      ({ kind }) => kind === "ClusterRole",
    );
    expect(roles.map(({ metadata }) => metadata.name).sort()).toStrictEqual([
      "healthpolicy-operator",
      "healthpolicy-standards-reader",
    ]);
  });
});

describe("the standards-reader", () => {
  const NAME = "healthpolicy-standards-reader";

  test("may read ClusterHealthPolicies, and nobody is bound to it by default", () => {
    expect(only(manifests, "ClusterRole", NAME).rules).toStrictEqual([
      {
        apiGroups: ["healthpolicy.dev"],
        resources: ["clusterhealthpolicies"],
        verbs: ["get", "list", "watch"],
      },
    ]);
    expect(JSON.stringify(manifests)).not.toContain("system:authenticated");
  });

  test("is whoever is logged in, where that is wanted", () => {
    const bound = render("--set", "rbac.everyoneReadsStandards=true");
    const binding = only(bound, "ClusterRoleBinding", NAME);
    expect(binding.roleRef).toMatchObject({ kind: "ClusterRole", name: NAME });
    expect(binding.subjects).toStrictEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" },
    ]);
  });
});
