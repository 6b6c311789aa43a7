import { expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { policyConfigMap } from "./configmap.ts";

test("a dry run reaches the sidecars", () => {
  const { data } = policyConfigMap(testPolicy({ mode: "DryRun" }));
  expect(JSON.parse(data["policy.json"] ?? "")).toMatchObject({ formatVersion: 1, mode: "DryRun" });
});

test("the whole ConfigMap", () => {
  const { data, ...rest } = policyConfigMap(testPolicy());
  expect(rest).toStrictEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "healthpolicy-policy-web",
      namespace: "shop",
      labels: { "app.kubernetes.io/managed-by": "healthpolicy-operator" },
      ownerReferences: [
        {
          apiVersion: "healthpolicy.dev/v1alpha1",
          kind: "HealthPolicy",
          name: "web",
          uid: testPolicy().uid,
          controller: true,
        },
      ],
    },
  });
  expect(Object.keys(data)).toEqual(["policy.json"]);
  expect(JSON.parse(data["policy.json"] ?? "")).toStrictEqual({
    formatVersion: 1,
    policy: "web",
    generation: 3,
    mode: "Enforce",
    timing: testPolicy().timing,
    dependencies: testPolicy().dependencies,
  });
});

test("pods that are let go are in the file, and no list where there are none", () => {
  const fileOf = (circularPods: string[]) => {
    const { data } = policyConfigMap({ ...testPolicy(), circularPods });
    return JSON.parse(data["policy.json"] ?? "");
  };
  expect(fileOf(["10.0.0.1"]).circularPods).toStrictEqual(["10.0.0.1"]);
  expect(fileOf([])).not.toHaveProperty("circularPods");
});
