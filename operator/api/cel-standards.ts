/** The rules of a ClusterHealthPolicy's standards that the API server itself enforces; as in cel.ts. */
import { type CelRule, quoting, sentence } from "./cel.ts";

/** A path as probes have it. What follows a `?` is not compared, so that it would never match. */
export const FORBIDDEN_PATH_RULE: CelRule = {
  rule: "self.matches('^/[!->@-~]*$')",
  messageExpression: quoting(
    'forbiddenPaths: "%s" is no path; write it as probes have it, beginning with /, without spaces and without a query',
    "self",
  ),
  message:
    "forbiddenPaths: write a path as probes have it, beginning with /, without spaces and without a query",
};

/** Otherwise no probe could meet the standard, and every workload would violate it. */
function floorFits(probe: string, floor: string): CelRule {
  return {
    rule: `!has(self.${floor}) || !has(self.maxPeriodSeconds) || !has(self.timeoutWithinPeriod) || !self.timeoutWithinPeriod || self.${floor} <= self.maxPeriodSeconds`,
    messageExpression: sentence(
      `${probe}: ${floor} (%d) must not be more than maxPeriodSeconds (%d) while timeoutWithinPeriod is true: no probe could meet both`,
      `self.${floor}`,
      "self.maxPeriodSeconds",
    ),
  };
}

/** The standards of one kind of probe can be met together. */
export function probeStandardRules(probe: string): CelRule[] {
  return [floorFits(probe, "minTimeoutSeconds"), floorFits(probe, "minExecTimeoutSeconds")];
}
