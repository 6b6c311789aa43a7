import { expect, test } from "@jest/globals";
import { policyConfigMap } from "./configmap.ts";
import { policyOf } from "./policies-for-tests.ts";

test("the whole ConfigMap", () => {
  const { data, ...rest } = policyConfigMap(policyOf());
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
          uid: "uid-of-web",
          controller: true,
        },
      ],
    },
  });
  expect(Object.keys(data)).toEqual(["policy.json"]);
  expect(JSON.parse(data["policy.json"] ?? "")).toStrictEqual({
    policy: "web",
    generation: 3,
    timing: policyOf().timing,
    dependencies: policyOf().dependencies,
  });
});
