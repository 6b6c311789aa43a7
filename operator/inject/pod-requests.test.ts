/** A pod that states a limit for the whole of it asks for as much, sidecar or not. */
import { expect, test } from "@jest/globals";
import type { Container, Resources } from "./pod.ts";
import { withPodRequests } from "./pod-requests.ts";

const LIMITS = { cpu: "1", memory: "1Gi" };

test("a limit that nothing else speaks of is the request too", () => {
  expect(withPodRequests({ limits: LIMITS }, [{}, { resources: {} }])).toStrictEqual({
    limits: LIMITS,
    requests: LIMITS,
  });
});

test("each resource counts by itself, and all else of the pod's stays", () => {
  const pod = { limits: { ...LIMITS, "hugepages-2Mi": "4Mi" }, requests: { memory: "64Mi" } };
  expect(withPodRequests(pod, [{}])).toStrictEqual({
    limits: pod.limits,
    requests: { memory: "64Mi", cpu: "1" },
  });
});

test.each<[string, Resources | undefined, Container[]]>([
  ["a pod without resources for the whole of it", undefined, [{}]],
  ["one that states nothing in them", {}, [{}]],
  ["one with requests alone", { requests: { cpu: "1" } }, [{}]],
  ["one with both", { limits: LIMITS, requests: { cpu: "0", memory: 0 } }, [{}]],
  [
    "a container that asks",
    { limits: { cpu: "1" } },
    [{}, { resources: { requests: { cpu: 0 } } }],
  ],
  // The API server takes a container's limit for its request where that is not stated.
  ["one with a limit", { limits: { cpu: "1" } }, [{ resources: { limits: { cpu: "1" } } }]],
])("nothing is changed for %s", (_what, pod, others) => {
  expect(withPodRequests(pod, others)).toBe(pod);
});
