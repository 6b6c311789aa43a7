/** What an injected pod remembers of its policy. */
import { createHash } from "node:crypto";
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { POLICY_ANNOTATION, REVISION_ANNOTATION } from "../api/names.ts";
import { POLICY_FILE_FORMAT } from "../api/policy-file.ts";
import type { SidecarResources } from "../api/v1alpha1-sidecar.ts";
import { hasSidecar } from "./is-sidecar.ts";
import { mountedKeys } from "./mounted-keys.ts";
import type { Pod } from "./pod.ts";
import { alignsProbes } from "./probe-floors.ts";

/** Characters of a revision. Enough to tell those of one policy apart; annotations are counted against a limit. */
export const REVISION_LENGTH = 16;

/** What of a policy shapes the pod, and so decides its revision. */
type PodShape = Pick<
  EffectivePolicy,
  "name" | "mode" | "probe" | "dependencies" | "application" | "sidecarResources"
>;

/** Each request and limit that the policy sets, in an order of ours. */
function statedResources({ requests, limits }: SidecarResources = {}): string[] {
  const stated = {
    "requests.cpu": requests?.cpu,
    "requests.memory": requests?.memory,
    "limits.cpu": limits?.cpu,
    "limits.memory": limits?.memory,
  };
  return Object.entries(stated).flatMap(([field, value]) => (value ? [`${field}=${value}`] : []));
}

/**
 * Hash of what the policy asked for in the pod: container, volume, times of the app's own probes. A pod of
 * another revision is outdated. So is one whose sidecar reads an older format of the policy file. Left out is what
 * reaches running pods without a restart (checks and their times), and what the installation decides (image,
 * usual resources): an upgrade of the operator must not make every pod outdated. For the same reason what is not
 * asked for adds nothing.
 */
export function revisionOf(policy: PodShape, formatVersion: number = POLICY_FILE_FORMAT): string {
  const { name, probe, dependencies } = policy;
  const keys = mountedKeys(dependencies).map(({ secretName, key }) => [secretName, key]);
  const asked = JSON.stringify([
    formatVersion,
    name,
    probe.periodSeconds,
    probe.timeoutSeconds,
    keys,
    ...(alignsProbes(policy) ? ["Align"] : []),
    ...statedResources(policy.sidecarResources),
  ]);
  return createHash("sha256").update(asked).digest("hex").slice(0, REVISION_LENGTH);
}

/**
 * The policy, and in a dry run also the enforced one, of which the pods differ where it aligns: whoever pulls that
 * brake must not be told to restart the pods that run.
 */
function shapesOf(policy: PodShape): PodShape[] {
  return policy.mode === "DryRun" ? [policy, { ...policy, mode: "Enforce" }] : [policy];
}

/** The revisions whose pods are current. */
export function currentRevisions(policy: PodShape): string[] {
  return shapesOf(policy).map((shape) => revisionOf(shape));
}

/**
 * The revisions of pods that the policy's author has no reason to restart: the current ones, and what they would be in
 * another format of the policy file. The format changes with the operator, and an upgrade of it, or the way back, must
 * not restart a cluster.
 */
export function revisionsInAnyFormat(policy: PodShape): string[] {
  const formats = Array.from({ length: POLICY_FILE_FORMAT + 1 }, (_, index) => index + 1);
  return shapesOf(policy).flatMap((shape) => formats.map((format) => revisionOf(shape, format)));
}

/** The annotations of a pod that is injected under `policy`. */
export function podAnnotations(policy: EffectivePolicy): Record<string, string> {
  return { [POLICY_ANNOTATION]: policy.name, [REVISION_ANNOTATION]: revisionOf(policy) };
}

/**
 * Whether an earlier call made the pod what it is under this very policy. What stands in it has then been
 * there for others to change.
 */
export function wasInjected(
  pod: Pod,
  policy: EffectivePolicy,
  { image }: { image: string },
): boolean {
  const revision = pod.metadata?.annotations?.[REVISION_ANNOTATION];
  return revision === revisionOf(policy) && hasSidecar(pod, image);
}
