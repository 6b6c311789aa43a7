/** The sidecar brings its own into a pod that states amounts for the whole of it. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { Container, Resources } from "./pod.ts";
import { podResources } from "./pod-resources.ts";

const SIDECAR: Container = {
  name: SIDECAR_CONTAINER,
  resources: {
    requests: { cpu: "5m", memory: "32Mi" },
    limits: { cpu: "100m", memory: "64Mi" },
  },
};
const APP: Container = { name: "app", resources: { requests: { cpu: "1m", memory: "1Mi" } } };

function afterFirstCall(resources: Resources | undefined, containers = [APP]) {
  const spec = resources ? { containers, resources } : { containers };
  return podResources({ spec }, [SIDECAR]);
}

describe("each amount that the pod states grows by ours", () => {
  test.each<[string, Resources, Resources]>([
    ["limits", { limits: { memory: "64Mi" } }, { limits: { memory: "128Mi" } }],
    [
      "requests",
      { requests: { cpu: "400m", memory: "1e9" } },
      { requests: { cpu: "405m", memory: "1033554432" } },
    ],
    [
      "both",
      { requests: { cpu: "0" }, limits: { cpu: 1, memory: "1Gi" } },
      { requests: { cpu: "5m" }, limits: { cpu: "1100m", memory: "1088Mi" } },
    ],
  ])("%s", (_, resources, grown) => {
    expect(afterFirstCall(resources)).toStrictEqual(grown);
  });

  test("a request that follows the limit too", () => {
    const ours = { ...SIDECAR, resources: { ...SIDECAR.resources, requests: { memory: "64Mi" } } };
    const spec = { containers: [{}], resources: { limits: { memory: "64Mi" } } };
    const grown = { memory: "128Mi" };
    expect(podResources({ spec }, [ours])).toStrictEqual({ requests: grown, limits: grown });
  });
});

describe("a limit too large to grow stays", () => {
  test("and the request below it grows", () => {
    const resources = { requests: { memory: "1Mi" }, limits: { memory: "8Ei" } };
    const grown = { requests: { memory: "33Mi" }, limits: { memory: "8Ei" } };
    expect(afterFirstCall(resources)).toStrictEqual(grown);
  });

  test("and so does a request that would exceed it", () => {
    const amounts = { cpu: "9223372036854775750m" };
    const resources = { requests: amounts, limits: amounts };
    expect(afterFirstCall(resources)).toStrictEqual(resources);
  });
});

describe("nothing is changed", () => {
  test.each<[string, Resources | undefined]>([
    ["in a pod that states none", undefined],
    ["in one that states nothing in them", {}],
    // For the kubelet a limit of 0 is none. With ours added, the app would have to do with ours.
    ["of limits of 0", { limits: { cpu: "0", memory: 0 } }],
    ["of what the sidecar has none of", { limits: { "hugepages-2Mi": "4Mi" } }],
    ["of what is no quantity", { requests: { cpu: "lots" } }],
  ])("%s", (_, resources) => {
    expect(afterFirstCall(resources)).toStrictEqual(resources);
  });

  test("by a later call: what stands there counts the sidecar, or others decided since", () => {
    const resources = { limits: { memory: "128Mi" }, requests: { memory: "33Mi" } };
    const spec = { containers: [APP], initContainers: [SIDECAR], resources };
    expect(podResources({ spec }, [SIDECAR])).toStrictEqual(resources);
  });
});
