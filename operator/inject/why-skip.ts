/** Why a pod that a policy selects is not injected. The first rule that objects says why. */
import { keptLabels, MAX_LABEL_CHARACTERS, MAX_LABELS } from "../api/kept.ts";
import {
  INJECT_LABEL,
  LAST_SIDECAR_PORT,
  POLICY_ANNOTATION,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
} from "../api/names.ts";
import { MAX_ANNOTATIONS } from "./annotations-limit.ts";
import { hasAtMost } from "./has-at-most.ts";
import { isOversized, MAX_FIELDS } from "./is-oversized.ts";
import { hasSidecar, isSidecar } from "./is-sidecar.ts";
import { hasOurName, otherContainers } from "./other-containers.ts";
import type { Container, NodeRequirement, Pod, Volume } from "./pod.ts";
import { freePort } from "./port.ts";
import type { InjectSettings } from "./settings.ts";
import { hasTooManyParts, MAX_CONTAINERS, MAX_OTHER_PARTS } from "./too-many-parts.ts";
import { OUR_VOLUMES } from "./volume.ts";

/** Every reason, the same in metric, warning, status and test. */
export const SKIP_REASONS = [
  "TooManyFields",
  "TooManyParts",
  "OptedOut",
  "LabelsTooLarge",
  "MirrorPod",
  "HostNetwork",
  "Windows",
  "VirtualNode",
  "Confidential",
  "RuntimeClass",
  "RestartPolicy",
  "ReservedContainerName",
  "ReservedVolumeName",
  "NoFreePort",
  "AnnotationsTooLarge",
] as const;
/** One of SKIP_REASONS. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A reason and one sentence for people. */
export interface Skip {
  reason: SkipReason;
  message: string;
}

/**
 * Values (texts, numbers, lists, objects) in the sidecar, or in a volume of ours, as others may leave them.
 * Our own sidecar has 68, and the volume of a policy with 12 dependencies of four Secret keys about 400.
 * What is far larger was written by hand to make the webhook work: to copy 150,000 requests takes it half a
 * second.
 */
const OURS_MAX_VALUES = 1_024;
/** Labels by which the kubelet says what a node runs; it goes on writing the second, which is older. */
const OS_LABELS = ["kubernetes.io/os", "beta.kubernetes.io/os"];
/** Label by which the kubelet says the version of Windows, on nodes with Windows alone. */
const WINDOWS_BUILD_LABEL = "node.kubernetes.io/windows-build";
/** What a group-managed account or a user of Windows is named by; a hostProcess container has the node's network. */
const WINDOWS_OPTIONS = ["gmsaCredentialSpec", "gmsaCredentialSpecName", "runAsUserName"];
/** What Virtual Kubelet writes on its nodes, whoever the provider is. */
const VIRTUAL_NODE = { key: "type", value: "virtual-kubelet" };
/** How a pod of Kata Containers brings a policy for its guest: by itself, or in initdata, by its new or old name. */
const GUEST_POLICY_ANNOTATIONS = [
  "io.katacontainers.config.agent.policy",
  "io.katacontainers.config.hypervisor.cc_init_data",
  "io.katacontainers.config.runtime.cc_init_data",
];
/** First words of runtime classes: k3s and SpinKube put versions behind them (`wasmtime-spin-v2`). */
const GVISOR_RUNTIMES = ["gvisor", "runsc"];
/** Those that are made with runwasi, as k3s, SpinKube and AKS name them. */
const WEBASSEMBLY_RUNTIMES = ["wasmtime", "wasmer", "wasmedge", "spin", "slight", "lunatic", "wws"];
/** Annotation by which the kubelet marks the API object of a static pod. */
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";

/** The sidecar's image, by which our container is told from another of its name. */
type Image = Pick<InjectSettings, "image">;
type Rule = (pod: Pod, settings: Image) => Skip | undefined;

/** Nothing of it is copied or compared: 300,000 fields of one object took the webhook more than a second. */
function tooManyFields(pod: Pod): Skip | undefined {
  const { metadata, spec } = pod;
  const resources = spec?.resources;
  const parts = [pod, metadata, spec, resources, resources?.requests, resources?.limits];
  if (!parts.some((part) => isOversized(part))) return undefined;
  return {
    reason: "TooManyFields",
    message: `The pod, its metadata, spec, spec.resources, its requests or limits has more than ${MAX_FIELDS} fields.`,
  };
}

function tooManyParts(pod: Pod): Skip | undefined {
  if (!hasTooManyParts(pod)) return undefined;
  return {
    reason: "TooManyParts",
    message: `The pod has more than ${MAX_CONTAINERS} containers, or more than ${MAX_OTHER_PARTS} ports and volumes.`,
  };
}

function optedOut({ metadata }: Pod): Skip | undefined {
  if (metadata?.labels?.[INJECT_LABEL] !== "false") return undefined;
  return { reason: "OptedOut", message: `The pod's label ${INJECT_LABEL}: "false" opts it out.` };
}

/** The leader does not keep them either: 40 pods of 44,000 labels took all of its memory. */
function labelsTooLarge({ metadata }: Pod): Skip | undefined {
  if (keptLabels(metadata?.labels)) return undefined;
  return {
    reason: "LabelsTooLarge",
    message: `The pod has more than ${MAX_LABELS} labels or ${MAX_LABEL_CHARACTERS} characters of labels.`,
  };
}

function mirrorPod({ metadata }: Pod): Skip | undefined {
  if (metadata?.annotations?.[MIRROR_ANNOTATION] === undefined) return undefined;
  return {
    reason: "MirrorPod",
    message: "The pod mirrors a static pod, which the kubelet runs as its file says.",
  };
}

function hostNetwork({ spec }: Pod): Skip | undefined {
  if (spec?.hostNetwork !== true) return undefined;
  return {
    reason: "HostNetwork",
    message: "The pod uses the node's network, where two sidecars would fight for one port.",
  };
}

/** What no node with Linux meets; `NotIn` also holds for a node without the label, and every kubelet writes it. */
function leavesOutLinux({ key = "", operator, values = [] }: NodeRequirement): boolean {
  if (key === WINDOWS_BUILD_LABEL) return operator === "In" || operator === "Exists";
  if (!OS_LABELS.includes(key)) return false;
  return operator === "In"
    ? values.length === 1 && values[0] === "windows"
    : operator === "NotIn" && values.includes("linux");
}

/** Whether every node that the pod may run on by its required affinity meets a requirement of this kind. */
function isBound({ spec }: Pod, isOfKind: (requirement: NodeRequirement) => boolean): boolean {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms ?? [];
  return terms.length > 0 && terms.every((term) => term.matchExpressions?.some(isOfKind));
}

function selects({ spec }: Pod, os: string): boolean {
  return spec?.os?.name === os || OS_LABELS.some((label) => spec?.nodeSelector?.[label] === os);
}

/** Whether it runs as somebody whom only Windows knows. Linux ignores that: a pod may state both and select Linux. */
function runsAsWindowsUser(pod: Pod): boolean {
  const { spec } = pod;
  const parts = [spec, ...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const options = parts.map((part) => part?.securityContext?.windowsOptions);
  const isNamed = options.some((one) => WINDOWS_OPTIONS.some((name) => one?.[name] !== undefined));
  return isNamed && !selects(pod, "linux");
}

function windows(pod: Pod): Skip | undefined {
  const isForWindows =
    selects(pod, "windows") ||
    pod.spec?.nodeSelector?.[WINDOWS_BUILD_LABEL] !== undefined ||
    isBound(pod, leavesOutLinux);
  if (!isForWindows && !runsAsWindowsUser(pod)) return undefined;
  return { reason: "Windows", message: "The pod runs on Windows, for which there is no sidecar." };
}

function asksForVirtualNode({ key, operator, values = [] }: NodeRequirement): boolean {
  if (key !== VIRTUAL_NODE.key || operator !== "In") return false;
  return values.length === 1 && values[0] === VIRTUAL_NODE.value;
}

/**
 * AKS' virtual nodes refuse a pod whose init container has a port, resources or a probe (`getInitContainers` in
 * virtual-kubelet/azure-aci). It is Pending then without a word on any container, so that no stop of injection sees it.
 */
function virtualNode(pod: Pod): Skip | undefined {
  const isSelected = pod.spec?.nodeSelector?.[VIRTUAL_NODE.key] === VIRTUAL_NODE.value;
  if (!isSelected && !isBound(pod, asksForVirtualNode)) return undefined;
  return {
    reason: "VirtualNode",
    message: "The pod runs on a virtual node, which may refuse pods with a native sidecar.",
  };
}

/** Ours is the first container: the app would never start. The policy is not read, as it is a program (Rego). */
function confidential({ metadata }: Pod): Skip | undefined {
  const { annotations } = metadata ?? {};
  if (!GUEST_POLICY_ANNOTATIONS.some((name) => annotations?.[name] !== undefined)) return undefined;
  return {
    reason: "Confidential",
    message:
      "The pod brings a policy for its virtual machine, which may refuse containers that it does not list.",
  };
}

/**
 * The sidecar's program is unreadable for its user, so that no other container looks into it (Dockerfile). gVisor
 * starts no such program (https://github.com/google/gvisor/issues/160), and runwasi cannot tell that it is one for
 * Linux (`is_linux_container`): the app would never start.
 */
function runtimeClass({ spec }: Pod): Skip | undefined {
  const { runtimeClassName } = spec ?? {};
  // One word: of a name of megabytes, which whoever reaches the webhook may send, each dash would make a text.
  const [runtime = ""] = (runtimeClassName ?? "").split("-", 1);
  if (![...GVISOR_RUNTIMES, ...WEBASSEMBLY_RUNTIMES].includes(runtime)) return undefined;
  return {
    reason: "RuntimeClass",
    message: `The pod's runtimeClassName is ${runtimeClassName}: such runtimes cannot start the sidecar, whose program its user may not read.`,
  };
}

function restartPolicy({ spec }: Pod): Skip | undefined {
  const policy = spec?.restartPolicy ?? "Always";
  if (policy === "Always") return undefined;
  return {
    reason: "RestartPolicy",
    message: `The pod's restartPolicy is ${policy}; only pods with Always serve traffic for good.`,
  };
}

function isOurs(container: Container, { image }: Image): boolean {
  return isSidecar(container, image) && hasAtMost(container, OURS_MAX_VALUES);
}

function reservedContainerName(pod: Pod, settings: Image): Skip | undefined {
  const named = (pod.spec?.containers ?? []).some(hasOurName);
  const standing = (pod.spec?.initContainers ?? []).filter(hasOurName);
  if (!named && standing.length <= 1 && standing.every((only) => isOurs(only, settings))) {
    return undefined;
  }
  return {
    reason: "ReservedContainerName",
    message: `The container name ${SIDECAR_CONTAINER} is reserved, and the pod has another container of that name.`,
  };
}

/**
 * The first of `named` that no call of ours left there: it stands twice, and would become two of ours, or
 * it is too large. The API server refuses the former, but only after every webhook has answered.
 */
function notLeftByUs(named: readonly Volume[]): Volume | undefined {
  const seen = new Set<string | undefined>();
  return named.find((volume) => {
    const isRepeated = seen.has(volume.name);
    seen.add(volume.name);
    return isRepeated || !hasAtMost(volume, OURS_MAX_VALUES);
  });
}

/** Beside our container the volumes are ours and are replaced; without it, they are somebody else's. */
function reservedVolumeName(pod: Pod, settings: Image): Skip | undefined {
  const named = (pod.spec?.volumes ?? []).filter(({ name }) => OUR_VOLUMES.has(name ?? ""));
  const taken = hasSidecar(pod, settings.image) ? notLeftByUs(named) : named[0];
  if (!taken) return undefined;
  return {
    reason: "ReservedVolumeName",
    message: `The volume name ${taken.name} is reserved, and the pod has another volume of that name.`,
  };
}

function noFreePort(pod: Pod): Skip | undefined {
  if (freePort(otherContainers(pod)) !== undefined) return undefined;
  return {
    reason: "NoFreePort",
    message: `The pod's containers declare every port from ${SIDECAR_PORT} to ${LAST_SIDECAR_PORT}.`,
  };
}

/** The last reason. injectedAnnotations() finds it: whether they have room is known once they are made. */
export const ANNOTATIONS_TOO_LARGE: Skip = {
  reason: "AnnotationsTooLarge",
  message: `The pod would have more than ${MAX_ANNOTATIONS} annotations with ours, or more than 256 KiB of them.`,
};

const KIND_RULES: readonly Rule[] = [
  tooManyFields,
  tooManyParts,
  optedOut,
  labelsTooLarge,
  mirrorPod,
  hostNetwork,
  windows,
  virtualNode,
  confidential,
  runtimeClass,
  restartPolicy,
];

/** What of ours has no place in the pod. */
const PLACE_RULES: readonly Rule[] = [reservedContainerName, reservedVolumeName, noFreePort];

const RULES = [...KIND_RULES, ...PLACE_RULES];

/** What the first of `rules` that objects says. */
function firstSkip(rules: readonly Rule[], pod: Pod, settings: Image): Skip | undefined {
  for (const rule of rules) {
    const skip = rule(pod, settings);
    if (skip) return skip;
  }
  return undefined;
}

/** Whether nothing in the pod may be changed, with a policy or without: its author or the kubelet has the last word. */
export function isNeverChanged(pod: Pod): boolean {
  return optedOut(pod) !== undefined || mirrorPod(pod) !== undefined;
}

/**
 * Why a pod like this one, which runs already, is injected under no policy; undefined when it may be. Who
 * counts such a pod as missing its sidecar advises a restart that never helps. In a pod that was injected,
 * names of ours are ours, also where the image had another name then.
 */
export function whyNeverInjected(pod: Pod, settings: Image): Skip | undefined {
  const wasInjected = pod.metadata?.annotations?.[POLICY_ANNOTATION] !== undefined;
  return firstSkip(wasInjected ? KIND_RULES : RULES, pod, settings);
}

/** Why this pod is not injected when it is created, whatever the policy; undefined when it may be. */
export function whySkip(pod: Pod, settings: Image): Skip | undefined {
  return firstSkip(RULES, pod, settings);
}
