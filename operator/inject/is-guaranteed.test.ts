/** Whether a pod would be Guaranteed if we left it alone. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../api/names.ts";
import { isGuaranteed } from "./is-guaranteed.ts";
import type { Container, PodSpec } from "./pod.ts";

const AMOUNTS = { cpu: "1", memory: "1Gi" };
const LESS = { cpu: "500m", memory: "512Mi" };
const FULL = { resources: { limits: AMOUNTS } };

/** May use more than it asks for. */
const UP_TO_ALL = { resources: { limits: AMOUNTS, requests: LESS } };
const HALF_A_CPU = { resources: { limits: AMOUNTS, requests: { cpu: "500m" } } };
const asks = (requests: Record<string, string>): Container => ({ resources: { requests } });

describe("a pod is Guaranteed", () => {
  test.each<[string, PodSpec]>([
    ["where each container is", { containers: [FULL], initContainers: [FULL] }],
    [
      "also where ours is not",
      { containers: [FULL], initContainers: [{ ...asks(LESS), name: SIDECAR_CONTAINER }] },
    ],
    ["with a limit that nothing else speaks of", { containers: [{}], resources: FULL.resources }],
    [
      "with one amount, request and limit",
      { containers: [{}, asks(LESS)], resources: { requests: AMOUNTS, limits: AMOUNTS } },
    ],
    [
      "with a limit that its containers ask for together",
      { containers: [asks(LESS), asks(LESS)], resources: { limits: AMOUNTS } },
    ],
    [
      "with a request that its containers may not exceed: since 1.37 its limit",
      { containers: [UP_TO_ALL], resources: { requests: AMOUNTS } },
    ],
    [
      "with a request above that",
      { containers: [UP_TO_ALL], resources: { requests: { cpu: "2", memory: "2Gi" } } },
    ],
    [
      "with a limit of one resource, and containers that ask for all that they may use of the other",
      { containers: [HALF_A_CPU, HALF_A_CPU], resources: { limits: { cpu: "1" } } },
    ],
    [
      "where its containers are, in case what it states for the whole is dropped",
      {
        containers: [{ resources: { limits: LESS } }],
        resources: { limits: AMOUNTS, requests: LESS },
      },
    ],
    [
      "where an init container asks for as much as all that run later",
      {
        initContainers: [{ ...asks(LESS), restartPolicy: "Always" }, asks(LESS)],
        containers: [asks({ cpu: "1m", memory: "1Mi" })],
        resources: { limits: AMOUNTS },
      },
    ],
  ])("%s", (_, pod) => {
    expect(isGuaranteed(pod)).toBe(true);
  });
});

describe("a pod is not", () => {
  test.each<[string, PodSpec]>([
    ["without containers", { containers: [] }],
    ["beside a container without resources", { containers: [FULL, {}] }],
    ["without a limit of memory", { containers: [{ resources: { limits: { cpu: "1" } } }] }],
    ["without a limit of CPU", { containers: [{ resources: { limits: { memory: "1Gi" } } }] }],
    [
      "with a request below the limit",
      { containers: [{ resources: { ...FULL.resources, requests: { cpu: "900m" } } }] },
    ],
    [
      "with a limit of nothing",
      { containers: [{ resources: { limits: { cpu: "0", memory: "1Gi" } } }] },
    ],
    [
      "with a limit of nothing for the whole of it",
      { containers: [{}], resources: { limits: { cpu: "0", memory: "1Gi" } } },
    ],
    ["with a limit of one resource", { containers: [{}], resources: { limits: { cpu: "1" } } }],
    [
      "with less asked for than it may use",
      { containers: [{}], resources: { requests: LESS, limits: AMOUNTS } },
    ],
    [
      "with a limit above what its containers ask for",
      { containers: [asks(LESS)], resources: { limits: AMOUNTS } },
    ],
    ["with requests alone", { containers: [{}], resources: { requests: AMOUNTS } }],
    [
      "with requests below what its containers may use",
      {
        containers: [UP_TO_ALL],
        resources: { requests: LESS },
      },
    ],
    [
      "with requests, and one container of two without a limit",
      { containers: [FULL, asks(LESS)], resources: { requests: { cpu: "2", memory: "2Gi" } } },
    ],
    [
      "with nothing in what it states for the whole of it",
      {
        containers: [FULL, { resources: { limits: { cpu: "0", memory: "0" } } }],
        resources: { requests: {}, limits: {} },
      },
    ],
    [
      "with quantities that are none",
      { containers: [{ resources: { limits: { cpu: "x", memory: "x" } } }] },
    ],
  ])("%s", (_, pod) => {
    expect(isGuaranteed(pod)).toBe(false);
  });
});
