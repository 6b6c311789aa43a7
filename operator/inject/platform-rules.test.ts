/** What pods say of the nodes that they are for: on Windows and on virtual nodes there is no sidecar. */
import { expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Pod } from "./pod.ts";
import type { SkipReason } from "./skip.ts";
import { SETTINGS } from "./testing/settings.ts";

const APP = { name: "app", image: "registry.example/app:1" };

type NodeTerms = { key?: string; operator?: string; values?: string[] }[][];

/** May run on nodes that meet all requirements of one of these terms. */
function affinityTo(...terms: NodeTerms): Pod["spec"] {
  const nodeSelectorTerms = terms.map((matchExpressions) => ({ matchExpressions }));
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } };
}

const OS = "kubernetes.io/os";
const WINDOWS = { key: OS, operator: "In", values: ["windows"] };
const NOT_LINUX = { key: OS, operator: "NotIn", values: ["linux"] };
/** What the label was called before Kubernetes 1.14; the kubelet keeps both on its node. */
const OLD_OS = "beta.kubernetes.io/os";
/** By which the kubelet says the version of Windows, on nodes with Windows alone. */
const BUILD = "node.kubernetes.io/windows-build";
const OF_A_BUILD = { key: BUILD, operator: "In", values: ["10.0.17763", "10.0.20348"] };
const FOR_WINDOWS = { windowsOptions: { runAsUserName: "ContainerUser" } };
const VIRTUAL = { key: "type", operator: "In", values: ["virtual-kubelet"] };
const IN_ONE_ZONE = { key: "topology.kubernetes.io/zone", operator: "In", values: ["a"] };

/** Lets a pod on virtual nodes and keeps it off no other: it says nothing of where the pod will run. */
const TOLERATES_VIRTUAL = [{ key: "virtual-kubelet.io/provider", operator: "Exists" }];

const skippedFor = (reason: SkipReason) => ({ skip: expect.objectContaining({ reason }) });

/** What becomes of a pod that says this, and nothing else that anybody objects to. */
function injected(spec: Pod["spec"]) {
  return inject({ spec: { containers: [APP], ...spec } }, testPolicy(), SETTINGS);
}

test.each<[string, Pod["spec"]]>([
  ["a pod that selects Windows nodes", { nodeSelector: { [OS]: "windows" } }],
  ["a pod with an affinity to Windows", affinityTo([WINDOWS])],
  ["a pod with two of them, each to Windows", affinityTo([IN_ONE_ZONE, WINDOWS], [WINDOWS])],
  [
    "a pod that selects Windows nodes by the label's old name",
    { nodeSelector: { [OLD_OS]: "windows" } },
  ],
  [
    "a pod with an affinity to Windows by the label's old name",
    affinityTo([{ ...WINDOWS, key: OLD_OS }]),
  ],
  ["a pod with an affinity away from Linux", affinityTo([NOT_LINUX])],
  [
    "a pod with an affinity away from Linux by the label's old name",
    affinityTo([{ ...NOT_LINUX, key: OLD_OS }]),
  ],
  [
    "a pod with an affinity away from Linux and others",
    affinityTo([{ ...NOT_LINUX, values: ["darwin", "linux", "windows"] }]),
  ],
  ["a pod that selects a build of Windows", { nodeSelector: { [BUILD]: "10.0.17763" } }],
  [
    "a pod with an affinity to builds of Windows",
    affinityTo([OF_A_BUILD], [IN_ONE_ZONE, OF_A_BUILD]),
  ],
  [
    "a pod with an affinity to any build of Windows",
    affinityTo([{ key: BUILD, operator: "Exists" }]),
  ],
  ["a pod with a user of Windows", { securityContext: FOR_WINDOWS }],
  [
    "a pod with a group account of Windows",
    { securityContext: { windowsOptions: { gmsaCredentialSpecName: "web" } } },
  ],
  [
    "a pod with the specification of a group account of Windows",
    { securityContext: { windowsOptions: { gmsaCredentialSpec: "{}" } } },
  ],
  [
    "a container with a user of Windows",
    { containers: [APP, { ...APP, securityContext: FOR_WINDOWS }] },
  ],
  [
    "an init container with a user of Windows",
    { initContainers: [{ ...APP, securityContext: FOR_WINDOWS }] },
  ],
])("is for Windows: %s", (_, spec) => {
  expect(injected(spec)).toStrictEqual(skippedFor("Windows"));
});

test("a pod with an affinity to virtual nodes is for them", () => {
  expect(injected(affinityTo([IN_ONE_ZONE, VIRTUAL]))).toStrictEqual(skippedFor("VirtualNode"));
});

test.each<[string, Pod["spec"]]>([
  ["on Linux", { os: { name: "linux" }, nodeSelector: { [OS]: "linux" } }],
  ["with an affinity to Windows or a zone", affinityTo([WINDOWS], [IN_ONE_ZONE])],
  [
    "with an affinity to Windows or Linux",
    affinityTo([{ ...WINDOWS, values: ["windows", "linux"] }]),
  ],
  ["with an affinity away from Windows", affinityTo([{ ...WINDOWS, operator: "NotIn" }])],
  ["with an affinity away from Linux or to a zone", affinityTo([NOT_LINUX], [IN_ONE_ZONE])],
  [
    "with an affinity away from Windows and another",
    affinityTo([{ ...NOT_LINUX, values: ["windows", "darwin"] }]),
  ],
  [
    "with an affinity away from a build of Windows",
    affinityTo([{ ...OF_A_BUILD, operator: "NotIn" }]),
  ],
  [
    "with an affinity away from every build of Windows",
    affinityTo([{ key: BUILD, operator: "DoesNotExist" }]),
  ],
  ["with an affinity to a build of Windows or a zone", affinityTo([OF_A_BUILD], [IN_ONE_ZONE])],
  ["with options for Windows that say nothing", { securityContext: { windowsOptions: {} } }],
  [
    "with options for Windows where it selects Linux nodes",
    { nodeSelector: { [OS]: "linux" }, securityContext: FOR_WINDOWS },
  ],
  ["with an affinity to another label", affinityTo([{ ...WINDOWS, key: "os" }])],
  ["with an affinity to Linux", affinityTo([{ ...WINDOWS, values: ["linux"] }])],
  ["with an affinity to nothing", affinityTo()],
  ["with an affinity to Windows that is only preferred", { affinity: { nodeAffinity: {} } }],
  ["with an affinity to virtual nodes or a zone", affinityTo([VIRTUAL], [IN_ONE_ZONE])],
  ["with an affinity away from virtual nodes", affinityTo([{ ...VIRTUAL, operator: "NotIn" }])],
  [
    "with an affinity to virtual nodes or others of that label",
    affinityTo([{ ...VIRTUAL, values: ["virtual-kubelet", "cpu"] }]),
  ],
  ["that selects nodes of another type", { nodeSelector: { type: "gpu" } }],
  ["that tolerates virtual nodes", { tolerations: TOLERATES_VIRTUAL }],
])("a pod is not skipped %s", (_, spec) => {
  expect(injected(spec)).not.toHaveProperty("skip");
});
