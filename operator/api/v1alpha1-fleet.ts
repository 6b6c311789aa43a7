/** What a HealthPolicy may ask of all its pods together. */
import { z } from "zod";
import { type CelRule, cel, quoting, sentence } from "./cel.ts";
import type { MaxUnready } from "./policy-file.ts";
import { describe } from "./v1alpha1-fields.ts";

/** More pods than one policy has. */
const MAX_PODS = 100_000;
/** What an unset `maxUnready` means: a fault may make every pod unready. */
const DEFAULT_MAX_UNREADY = "100%";
/** A whole number of percent. RE2 and ECMAScript alike. */
const PERCENTAGE = "^([0-9]|[1-9][0-9]|100)%$";
const MAX_PERCENTAGE_LENGTH = 32;

const FIELD = "fleet.maxUnready";
const WANTED = `give a share of the pods as "0%" to "100%", or a number of pods from 0 to ${MAX_PODS}`;

/** WANTED in a CEL format, where a percent sign begins a verb. */
const FORMAT = WANTED.replaceAll("%", "%%");

/** `type()`, because a field that may be either has no methods of either. */
const RULES: CelRule[] = [
  {
    rule: `type(self) != int || (self >= 0 && self <= ${MAX_PODS})`,
    messageExpression: sentence(`${FIELD}: ${FORMAT}, not %d`, "self"),
  },
  {
    rule: `type(self) != string || self.matches('${PERCENTAGE}')`,
    messageExpression: quoting(`${FIELD} "%s": ${FORMAT}`, "self"),
    message: `${FIELD}: ${WANTED}`,
  },
];

/** The schema of `fleet`. */
export const fleet = z
  .object({
    maxUnready: z
      .union([z.int32(), z.string().max(MAX_PERCENTAGE_LENGTH)])
      .optional()
      .meta({
        ...describe(
          `How many pods of the policy one fault may make unready: a share such as "50%", or a number. A sidecar that finds a gating dependency down asks up to 8 other pods of the policy; where it is down for more than that of those who answer, itself counted, the pod stays ready, with the reason SharedFault. A number is scaled to the pods that answered. A fault that none of them has is the pod's own, unless 0 may be unready. Where more than half of them are silent, the pod turns unready. Only pods that have been ready stay ready. Pods have to reach each other at the sidecar's port. Unset: ${DEFAULT_MAX_UNREADY}.`,
        ),
        "x-kubernetes-int-or-string": true,
        ...cel(...RULES),
      }),
  })
  .optional()
  .meta(describe("What becomes of a fault that many pods share."));

/**
 * What is written as `maxUnready`, parted; undefined where it lets every pod go, so that nobody has to be asked. The
 * API server has refused anything else.
 */
export function maxUnreadyOf(written: number | string | undefined): MaxUnready | undefined {
  if (typeof written === "number") return { pods: written };
  const percent = Number.parseInt(written ?? DEFAULT_MAX_UNREADY, 10);
  return percent < 100 ? { percent } : undefined;
}

/** As it is written. */
export function formatMaxUnready(maxUnready: MaxUnready | undefined): string {
  if (maxUnready === undefined) return DEFAULT_MAX_UNREADY;
  return "percent" in maxUnready ? `${maxUnready.percent}%` : String(maxUnready.pods);
}
