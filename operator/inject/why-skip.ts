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
import { PLATFORM_RULES } from "./platform-rules.ts";
import type { Container, Pod, Volume } from "./pod.ts";
import { freePort } from "./port.ts";
import type { Image, Rule, Skip } from "./skip.ts";
import { hasTooManyParts, MAX_CONTAINERS, MAX_OTHER_PARTS } from "./too-many-parts.ts";
import { OUR_VOLUMES } from "./volume.ts";

/**
 * Values (texts, numbers, lists, objects) in the sidecar, or in a volume of ours, as others may leave them.
 * Our own sidecar has 65, and the volume of a policy with 12 dependencies of four Secret keys about 400.
 * What is far larger was written by hand to make the webhook work: to copy 150,000 requests takes it half a
 * second.
 */
const OURS_MAX_VALUES = 1_024;
/** Annotation by which the kubelet marks the API object of a static pod. */
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";

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

function restartPolicy({ spec }: Pod): Skip | undefined {
  if ((spec?.restartPolicy ?? "Always") === "Always") return undefined;
  return {
    reason: "RestartPolicy",
    message: "The pod's restartPolicy is not Always; only pods with Always serve traffic for good.",
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
  ...PLATFORM_RULES,
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
