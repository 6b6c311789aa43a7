/** What a sidecar says of its pod, read with distrust: names, words of closed lists and times, or nothing. Pure. */
import { z } from "zod";
import { MAX_DEPENDENCIES, MAX_LABEL_LENGTH } from "../../api/limits.ts";
import { POLICY_NAME_MAX_LENGTH } from "../../api/names.ts";
import { REASONS } from "../../api/reasons.ts";

/** How far a node's clock may be ahead of ours. */
const CLOCKS_MILLISECONDS = 60_000;

const dependency = z.object({
  name: z.string().max(MAX_LABEL_LENGTH),
  /** What the last checks found; null before the first. */
  up: z.boolean().nullish(),
  /** It keeps the pod unready now. */
  gating: z.boolean(),
  /** In a dry run: it would. */
  wouldGate: z.boolean().optional(),
  /** It would, if fewer pods of the policy had it down too. */
  shared: z.boolean().optional(),
  /** Absent before the first check and while it is up. */
  reason: z.enum(REASONS).optional(),
  /** RFC 3339, as a sidecar writes it; one form alone, so that times compare as texts and no longer one gets in. */
  since: z.iso.datetime({ precision: 3 }).optional(),
});

const answer = z.object({
  policy: z.string().max(POLICY_NAME_MAX_LENGTH),
  /** In a dry run alone. */
  wouldBeReady: z.boolean().optional(),
  dependencies: z.array(dependency).max(MAX_DEPENDENCIES),
});

/** What a sidecar said. */
export type SidecarAnswer = z.output<typeof answer>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer in `text`; undefined where any part of it is not what a sidecar says, or of the future. */
export function sidecarAnswer(text: string, now: Date): SidecarAnswer | undefined {
  const { data } = answer.safeParse(parsed(text));
  const latest = now.getTime() + CLOCKS_MILLISECONDS;
  const late = data?.dependencies.some(({ since }) => since && Date.parse(since) > latest);
  return late ? undefined : data;
}
