/** Pods for nodes and runtimes on which the sidecar cannot run, or would keep its pod from starting. */
import type { NodeRequirement, Pod } from "./pod.ts";
import type { Rule, Skip } from "./skip.ts";

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
    message: `The pod's runtimeClassName begins with ${runtime}: such runtimes cannot start the sidecar, whose program its user may not read.`,
  };
}

/** The first that objects says why. */
export const PLATFORM_RULES: readonly Rule[] = [windows, virtualNode, confidential, runtimeClass];
