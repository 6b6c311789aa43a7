/** Whether the sidecar costs a pod its quality of service. */
import { describe, expect, test } from "@jest/globals";
import type { SidecarResources } from "../api/v1alpha1-sidecar.ts";
import type { Container, Resources } from "./pod.ts";
import { askedResources, sidecarResources } from "./resources.ts";
import { SETTINGS } from "./testing/settings.ts";

const { requests, limits } = SETTINGS.resources;
const FULL: Container = { resources: { limits: { cpu: "1", memory: "1Gi" } } };

function resourcesBeside(others: Container[]) {
  return sidecarResources({}, others, SETTINGS.resources);
}

test("in a pod that is Guaranteed the request equals the limit", () => {
  expect(resourcesBeside([FULL, FULL])).toStrictEqual({ requests: limits, limits });
});

describe("in a pod that states amounts for the whole of it", () => {
  const nothing = { cpu: "0", memory: "0" };

  function resourcesIn(resources: Resources) {
    return sidecarResources({ resources }, [{}], SETTINGS.resources);
  }

  test("it asks for nothing: where it asked for no amount, a LimitRange would fill one in", () => {
    const stated = { requests: { cpu: "1", memory: "20Mi" } };
    expect(resourcesIn(stated)).toStrictEqual({ requests: nothing, limits });
  });

  test("its limit is the smaller one: where it had none, a LimitRange would fill one in that may exceed the pod's", () => {
    const stated = { limits: { cpu: "1", memory: "48Mi" } };
    expect(resourcesIn(stated)).toStrictEqual({
      requests: nothing,
      limits: { cpu: limits.cpu, memory: "48Mi" },
    });
  });

  test("a resource that is not stated is as in any pod", () => {
    expect(resourcesIn({ limits: { cpu: "1" } })).toStrictEqual({
      requests: { cpu: "0", memory: requests.memory },
      limits,
    });
  });
});

describe("requests are the configured ones", () => {
  test.each<[string, Container[]]>([
    ["beside a container without resources", [FULL, {}]],
    ["without a limit of memory", [{ resources: { limits: { cpu: "1" } } }]],
    ["without a limit of CPU", [{ resources: { limits: { memory: "1Gi" } } }]],
    [
      "with a request below the limit",
      [{ resources: { ...FULL.resources, requests: { cpu: "900m" } } }],
    ],
    ["with a limit of nothing", [{ resources: { limits: { cpu: "0", memory: "1Gi" } } }]],
    ["in a pod without containers", []],
  ])("%s", (_, others) => {
    expect(resourcesBeside(others)).toStrictEqual({ requests, limits });
  });
});

describe("what a policy asks for", () => {
  const asked = (policy?: SidecarResources) => askedResources(SETTINGS.resources, policy);

  test.each<[string, SidecarResources | undefined]>([
    ["nothing", undefined],
    ["an object without values", { requests: {}, limits: {} }],
  ])("%s leaves the installation's", (_, policy) => {
    expect(asked(policy)).toStrictEqual({ requests, limits });
  });

  test("counts value by value", () => {
    const policy = { requests: { memory: "48Mi" }, limits: { cpu: "200m" } };
    expect(asked(policy)).toStrictEqual({
      requests: { cpu: requests.cpu, memory: "48Mi" },
      limits: { cpu: "200m", memory: limits.memory },
    });
  });

  // The API server refuses a pod whose request exceeds its limit, and would refuse every new pod of the policy.
  test("raises a limit that is unset to the request", () => {
    expect(asked({ requests: { cpu: "1", memory: "96Mi" } })).toStrictEqual({
      requests: { cpu: "1", memory: "96Mi" },
      limits: { cpu: "1", memory: "96Mi" },
    });
  });

  test("lowers a request that is unset to the limit", () => {
    const large = {
      requests: { cpu: "80m", memory: "64Mi" },
      limits: { cpu: "100m", memory: "64Mi" },
    };
    expect(askedResources(large, { limits: { cpu: "50m", memory: "32Mi" } })).toStrictEqual({
      requests: { cpu: "50m", memory: "32Mi" },
      limits: { cpu: "50m", memory: "32Mi" },
    });
  });

  test("and is written as it was where two values are the same amount", () => {
    expect(asked({ requests: { memory: "65536Ki" } })).toStrictEqual({
      requests: { cpu: requests.cpu, memory: "65536Ki" },
      limits,
    });
  });
});
