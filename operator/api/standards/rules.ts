/** Every rule of the standards, in the order in which violations are named. */
import { LIVENESS_EQUALS_READINESS, LIVENESS_PATH_FORBIDDEN, missing } from "./handler-rules.ts";
import { timeRules } from "./time-rules.ts";

/** The closed list of rules. */
export const RULES = [
  missing("readinessProbe"),
  ...timeRules("readinessProbe"),
  missing("livenessProbe"),
  ...timeRules("livenessProbe"),
  LIVENESS_EQUALS_READINESS,
  LIVENESS_PATH_FORBIDDEN,
] as const;

/** What a rule is called in the status, in metrics and in documents. */
export type RuleId = (typeof RULES)[number]["id"];
