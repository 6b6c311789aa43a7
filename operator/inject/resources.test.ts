/** What the sidecar asks for. */
import { describe, expect, test } from "@jest/globals";
import type { SidecarResources } from "../api/v1alpha1-sidecar.ts";
import { askedResources, sidecarResources } from "./resources.ts";
import { SETTINGS } from "./testing/settings.ts";

const { requests, limits } = SETTINGS.resources;
const FULL = { resources: { limits: { cpu: "1", memory: "1Gi" } } };

test("in a pod that is Guaranteed the request equals the limit", () => {
  const pod = { containers: [FULL, FULL] };
  expect(sidecarResources(pod, SETTINGS.resources)).toStrictEqual({ requests: limits, limits });
});

test("in another pod it is the configured one", () => {
  const pod = { containers: [FULL, {}] };
  expect(sidecarResources(pod, SETTINGS.resources)).toStrictEqual({ requests, limits });
});

// Above a limit of the whole pod API servers take no request, though a limit of 0 is none for the kubelet.
test("it asks for nothing of what the pod as a whole has a limit of 0", () => {
  const pod = { containers: [{}], resources: { limits: { cpu: "0", memory: "1Gi" } } };
  expect(sidecarResources(pod, SETTINGS.resources)).toStrictEqual({
    requests: { ...requests, cpu: "0" },
    limits,
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
