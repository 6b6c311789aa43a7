/** Each reason for leaving a pod as it is, and its sentence. */
import { describe, expect, test } from "@jest/globals";
import {
  CONFIG_VOLUME,
  INJECT_LABEL,
  POLICY_ANNOTATION,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
  SIDECAR_PORT_TRIES,
  STATE_VOLUME,
} from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Pod } from "./pod.ts";
import { SKIP_REASONS } from "./skip.ts";
import { SETTINGS } from "./testing/settings.ts";
import { whyNeverInjected } from "./why-skip.ts";

const POLICY = testPolicy();
const APP = { name: "app", image: "registry.example/app:1" };
const FOREIGN = { name: SIDECAR_CONTAINER, image: "registry.example/other:1" };
const STATE = { name: STATE_VOLUME };
const MANY = Object.fromEntries(Array.from({ length: 1_024 }, (_, i) => [`x${i}`, "1"]));
const OURS = { name: SIDECAR_CONTAINER, image: SETTINGS.image };

/** A pod that nothing objects to, with these fields on top. */
function podWith(spec: Pod["spec"], metadata: Pod["metadata"] = {}): Pod {
  return { metadata, spec: { containers: [APP], ...spec } };
}

const everyPort = Array.from({ length: SIDECAR_PORT_TRIES }, (_, i) => ({
  containerPort: SIDECAR_PORT + i,
}));

const reserved = `The container name ${SIDECAR_CONTAINER} is reserved, and the pod has another container of that name.`;

const wide =
  "The pod, its metadata, spec, spec.resources, its requests or limits has more than 128 fields.";

const many = "The pod has more than 256 containers, or more than 1024 ports and volumes.";
const of = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

const CASES: [string, Pod, string, string][] = [
  ["a pod of 1,024 fields", { ...MANY, ...podWith({}) }, "TooManyFields", wide],
  ["a specification of 1,024 fields", podWith({ ...MANY }), "TooManyFields", wide],
  ["metadata of 1,024 fields", podWith({}, { ...MANY }), "TooManyFields", wide],
  ["resources of 1,024 fields", podWith({ resources: { ...MANY } }), "TooManyFields", wide],
  ["1,024 requests", podWith({ resources: { requests: MANY } }), "TooManyFields", wide],
  ["1,024 limits", podWith({ resources: { limits: MANY } }), "TooManyFields", wide],
  ["257 containers", podWith({ containers: of(257, APP) }), "TooManyParts", many],
  ["257 init containers", podWith({ initContainers: of(257, APP) }), "TooManyParts", many],
  [
    "containers that are numbers",
    podWith({ containers: of(257, 0 as never) }),
    "TooManyParts",
    many,
  ],
  [
    "1,025 ports in two containers",
    podWith({ containers: [513, 512].map((count) => ({ ...APP, ports: of(count, {}) })) }),
    "TooManyParts",
    many,
  ],
  ["1,025 volumes", podWith({ volumes: of(1_025, { name: "data" }) }), "TooManyParts", many],
  [
    "a pod that is opted out",
    podWith({}, { labels: { [INJECT_LABEL]: "false" } }),
    "OptedOut",
    'The pod\'s label healthpolicy.dev/inject: "false" opts it out.',
  ],
  [
    "a pod of 1,024 labels",
    podWith({}, { labels: MANY }),
    "LabelsTooLarge",
    "The pod has more than 64 labels or 4096 characters of labels.",
  ],
  [
    "a mirror pod",
    podWith({}, { annotations: { "kubernetes.io/config.mirror": "0123" } }),
    "MirrorPod",
    "The pod mirrors a static pod, which the kubelet runs as its file says.",
  ],
  [
    "a pod on the node's network",
    podWith({ hostNetwork: true }),
    "HostNetwork",
    "The pod uses the node's network, where two sidecars would fight for one port.",
  ],
  [
    "a pod for Windows",
    podWith({ os: { name: "windows" } }),
    "Windows",
    "The pod runs on Windows, for which there is no sidecar.",
  ],
  [
    "a pod that selects virtual nodes",
    podWith({ nodeSelector: { "kubernetes.io/os": "linux", type: "virtual-kubelet" } }),
    "VirtualNode",
    "The pod runs on a virtual node, which may refuse pods with a native sidecar.",
  ],
  ...[
    "io.katacontainers.config.agent.policy",
    "io.katacontainers.config.hypervisor.cc_init_data",
    "io.katacontainers.config.runtime.cc_init_data",
  ].map((annotation): [string, Pod, string, string] => [
    `a pod with the annotation ${annotation}`,
    podWith({}, { annotations: { [annotation]: "cGFja2FnZSBhZ2VudF9wb2xpY3k=" } }),
    "Confidential",
    "The pod brings a policy for its virtual machine, which may refuse containers that it does not list.",
  ]),
  ...[
    "gvisor",
    "runsc",
    "runsc-kvm",
    "wasmtime",
    "wasmtime-spin-v2",
    "wasmtime-slight-v1",
    "wasmer",
    "wasmedge",
    "spin",
    "slight",
    "lunatic",
    "wws",
  ].map((runtimeClassName): [string, Pod, string, string] => [
    `a pod of the runtime class ${runtimeClassName}`,
    podWith({ runtimeClassName }),
    "RuntimeClass",
    `The pod's runtimeClassName begins with ${runtimeClassName.split("-")[0]}: such runtimes cannot start the sidecar, whose program its user may not read.`,
  ]),
  [
    "a pod that runs once",
    podWith({ restartPolicy: "Never" }),
    "RestartPolicy",
    "The pod's restartPolicy is not Always; only pods with Always serve traffic for good.",
  ],
  [
    "a pod of a Job",
    podWith({ restartPolicy: "OnFailure" }),
    "RestartPolicy",
    "The pod's restartPolicy is not Always; only pods with Always serve traffic for good.",
  ],
  [
    "a foreign init container of our name",
    podWith({ initContainers: [FOREIGN] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "an app container of our name",
    podWith({ containers: [APP, FOREIGN] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "an app container of our name, even with our image",
    podWith({ containers: [APP, OURS] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "a volume of our name",
    podWith({ volumes: [{ name: CONFIG_VOLUME, hostPath: { path: "/" } }] }),
    "ReservedVolumeName",
    "The volume name healthpolicy-config is reserved, and the pod has another volume of that name.",
  ],
  [
    "our container twice",
    podWith({ initContainers: [OURS, OURS] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "our container beside a foreign one of its name",
    podWith({ initContainers: [OURS, FOREIGN] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "a container of our name that is larger than ours can be",
    podWith({ initContainers: [{ ...OURS, resources: { requests: MANY } }] }),
    "ReservedContainerName",
    reserved,
  ],
  [
    "a volume of our name twice, beside our container",
    podWith({ initContainers: [OURS], volumes: [STATE, { name: CONFIG_VOLUME }, STATE] }),
    "ReservedVolumeName",
    "The volume name healthpolicy-state is reserved, and the pod has another volume of that name.",
  ],
  [
    "a volume of our name that is larger than ours can be",
    podWith({ initContainers: [OURS], volumes: [{ ...STATE, emptyDir: MANY }] }),
    "ReservedVolumeName",
    "The volume name healthpolicy-state is reserved, and the pod has another volume of that name.",
  ],
  [
    "a pod that declares every port",
    podWith({ containers: [{ ...APP, ports: everyPort }] }),
    "NoFreePort",
    "The pod's containers declare every port from 19847 to 19910.",
  ],
  [
    "annotations at the limit",
    podWith({}, { annotations: { big: "x".repeat(256 * 1024 - 3) } }),
    "AnnotationsTooLarge",
    "The pod would have more than 512 annotations with ours, or more than 256 KiB of them.",
  ],
  [
    "more annotations than are copied",
    podWith(
      {},
      { annotations: Object.fromEntries(Object.keys(Array(512).fill("")).map((key) => [key, ""])) },
    ),
    "AnnotationsTooLarge",
    "The pod would have more than 512 annotations with ours, or more than 256 KiB of them.",
  ],
];

describe("a pod is skipped", () => {
  test.each(CASES)("%s", (_, pod, reason, message) => {
    expect(inject(pod, POLICY, SETTINGS)).toStrictEqual({ skip: { reason, message } });
  });

  test("for every reason there is", () => {
    expect(new Set(CASES.map(([, , reason]) => reason))).toStrictEqual(new Set(SKIP_REASONS));
  });
});

describe("a pod is not skipped", () => {
  test.each<[string, Pod]>([
    ["with nothing said", podWith({})],
    ["with restartPolicy Always", podWith({ restartPolicy: "Always" })],
    ["with another value of the label", podWith({}, { labels: { [INJECT_LABEL]: "no" } })],
    ["with one port left", podWith({ containers: [{ ...APP, ports: everyPort.slice(1) }] })],
    ["of another runtime class", podWith({ runtimeClassName: "kata" })],
    ["of one whose name only begins so", podWith({ runtimeClassName: "spindle" })],
    [
      "in a virtual machine without a policy",
      podWith({}, { annotations: { "io.katacontainers.config.agent.kernel_modules": "e1000e" } }),
    ],
    ["with our container", podWith({ initContainers: [OURS] })],
    [
      "with our container and a volume of its name",
      podWith({ initContainers: [OURS], volumes: [{ name: CONFIG_VOLUME }] }),
    ],
    [
      "with annotations just below the limit",
      podWith({}, { annotations: { b: "x".repeat(256 * 1024 - 1 - ourMarksBytes()) } }),
    ],
  ])("%s", (_, pod) => {
    expect(inject(pod, POLICY, SETTINGS)).not.toHaveProperty("skip");
  });
});

function ourMarksBytes(): number {
  return "healthpolicy.dev/policyweb".length + "healthpolicy.dev/revision".length + 16;
}

describe("a running pod", () => {
  const injected = { annotations: { [POLICY_ANNOTATION]: "web" } };

  test.each<[string, Pod["spec"], string]>([
    ["of a kind that is never injected", { hostNetwork: true }, "HostNetwork"],
    ["with a container of our name", { initContainers: [FOREIGN] }, "ReservedContainerName"],
    ["with a volume of our name", { volumes: [{ name: CONFIG_VOLUME }] }, "ReservedVolumeName"],
    ["with every port declared", { containers: [{ ...APP, ports: everyPort }] }, "NoFreePort"],
  ])("%s is one that no restart gives the sidecar", (_, spec, reason) => {
    expect(whyNeverInjected(podWith(spec), SETTINGS)?.reason).toBe(reason);
  });

  test("that was given too many labels is one, though it was injected", () => {
    const pod = podWith({ initContainers: [OURS] }, { ...injected, labels: MANY });
    expect(whyNeverInjected(pod, SETTINGS)?.reason).toBe("LabelsTooLarge");
  });

  test.each<[string, Pod]>([
    ["with nothing said", podWith({})],
    ["with our container", podWith({ initContainers: [OURS], volumes: [{ name: CONFIG_VOLUME }] })],
    // As after an upgrade to an image of another name.
    ["that an earlier operator injected", podWith({ initContainers: [FOREIGN] }, injected)],
  ])("%s is not", (_, pod) => {
    expect(whyNeverInjected(pod, SETTINGS)).toBeUndefined();
  });
});
