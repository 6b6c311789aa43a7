/** What an injected pod remembers of its policy. */
import { createHash } from "node:crypto";
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { POLICY_ANNOTATION, REVISION_ANNOTATION } from "../api/names.ts";
import { POLICY_FILE_FORMAT } from "../api/policy-file.ts";
import { mountedKeys } from "./mounted-keys.ts";

/** Enough to tell revisions of one policy apart; annotations are counted against a limit. */
const REVISION_LENGTH = 16;

/** What of a policy shapes the container, and so decides its revision. */
type ContainerShape = Pick<EffectivePolicy, "name" | "probe" | "dependencies">;

/**
 * Hash of what the policy asked for in the container and its volume: a pod of another revision is
 * outdated. So is one whose sidecar reads an older format of the policy file. Left out is what reaches
 * running pods without a restart (checks and their times), and what the installation decides (image,
 * resources): an upgrade of the operator must not make every pod outdated.
 */
export function revisionOf(
  { name, probe, dependencies }: ContainerShape,
  formatVersion: number = POLICY_FILE_FORMAT,
): string {
  const keys = mountedKeys(dependencies).map(({ secretName, key }) => [secretName, key]);
  const asked = JSON.stringify([
    formatVersion,
    name,
    probe.periodSeconds,
    probe.timeoutSeconds,
    keys,
  ]);
  return createHash("sha256").update(asked).digest("hex").slice(0, REVISION_LENGTH);
}

/** The annotations of a pod that is injected under `policy`. */
export function podAnnotations(policy: EffectivePolicy): Record<string, string> {
  return { [POLICY_ANNOTATION]: policy.name, [REVISION_ANNOTATION]: revisionOf(policy) };
}
