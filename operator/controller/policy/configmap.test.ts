import { expect, test } from "@jest/globals";
import type { DependencyConfig } from "../../api/policy-file.ts";
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

test("pods that are let go are in the file at their dependency, and no list where there are none", () => {
  const [first] = testPolicy().dependencies as [DependencyConfig];
  // A name that every object has a field of.
  const other = { ...first, name: "constructor" };
  const dependencies = [first, other];
  const circularAddresses = new Map([["orders-db", ["10.0.0.1"]]]);
  const { data } = policyConfigMap({ ...testPolicy({ dependencies }), circularAddresses });
  expect(JSON.parse(data["policy.json"] ?? "").dependencies).toStrictEqual([
    { ...first, circularPods: ["10.0.0.1"] },
    other,
  ]);
});
