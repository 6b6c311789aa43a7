/** What the sidecar asks for. */
import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
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

/** A policy that checks so many ports: 3 ms each in 4 s. */
function checking(ports: number, sidecarResources: SidecarResources = {}) {
  const port = {
    name: "mail",
    type: "tcp",
    impact: "Gate",
    tcp: { host: "mail", port: 25 },
  } as const;
  return testPolicy({ sidecarResources, dependencies: Array.from({ length: ports }, () => port) });
}

describe("what the checks of a policy take", () => {
  const cpu = (ports: number, policy?: SidecarResources, installed = SETTINGS.resources) =>
    askedResources(installed, checking(ports, policy)).requests.cpu;

  test("raises the request of CPU alone", () => {
    expect(askedResources(SETTINGS.resources, checking(10))).toStrictEqual({
      requests: { ...requests, cpu: "10m" },
      limits,
    });
  });

  test("is not less than the installation's request", () => {
    expect(cpu(10, {}, { requests: { ...requests, cpu: "0.02" }, limits })).toBe("0.02");
  });

  test.each<[string, string, SidecarResources | undefined, string]>([
    ["the installation's", "100m", undefined, "100m"],
    ["the installation's, as it is written", "0.05", undefined, "0.05"],
    ["the policy's", "100m", { limits: { cpu: "50m" } }, "50m"],
    ["the policy's, where that is more", "100m", { limits: { cpu: "200m" } }, "120m"],
  ])("is not more than the limit: %s", (_, limit, policy, expected) => {
    expect(cpu(160, policy, { requests, limits: { ...limits, cpu: limit } })).toBe(expected);
  });

  test("is not asked where the policy says it itself, less or more", () => {
    expect(cpu(10, { requests: { cpu: "1m" } })).toBe("1m");
    expect(cpu(10, { requests: { cpu: "90m" } })).toBe("90m");
  });
});

describe("what a policy asks for", () => {
  const asked = (sidecarResources?: SidecarResources, installed = SETTINGS.resources) =>
    askedResources(installed, checking(1, sidecarResources));

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
    expect(asked({ limits: { cpu: "50m", memory: "32Mi" } }, large)).toStrictEqual({
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
