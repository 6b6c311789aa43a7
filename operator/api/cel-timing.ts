/** The rules of times that the API server itself enforces; as in cel.ts. */
import { type CelRule, matches, quoting, sentence } from "./cel.ts";
import { DURATION_PATTERN, type NotNested, notNestedSentence, type TimeField } from "./timing.ts";

const matchesDuration = (expression: string) => matches(expression, DURATION_PATTERN);

/** A duration field is one, and lies between two bounds. */
export function durationRules(
  field: string,
  { minimum, maximum }: { minimum: string; maximum: string },
): CelRule[] {
  return [
    {
      rule: matchesDuration("self"),
      messageExpression: quoting(
        `${field}: "%s" is not a duration; write for example 3s or 500ms`,
        "self",
      ),
      message: `${field} is not a duration; write for example 3s or 500ms`,
    },
    {
      rule: `!${matchesDuration("self")} || duration(self) >= duration('${minimum}')`,
      messageExpression: sentence(`${field} %s is below the minimum ${minimum}`, "self"),
    },
    {
      rule: `!${matchesDuration("self")} || duration(self) <= duration('${maximum}')`,
      messageExpression: sentence(`${field} %s is above the maximum ${maximum}`, "self"),
    },
  ];
}

const CONNECT = "self.timing.connectTimeout";
const CHECK = "self.timing.checkTimeout";
const INTERVAL = "self.timing.interval";
const PROBE_TIMEOUT = "self.probe.timeoutSeconds";

/** CEL for "this field of `timing` or `probe` is set". */
const isSet = (field: string) => `has(${field.slice(0, field.lastIndexOf("."))}) && has(${field})`;

/** The format of the sentence that the operator, too, says of these two. */
const format = (shorter: TimeField, relation: NotNested["relation"], longer: TimeField) =>
  notNestedSentence({ shorter, relation, longer }, (field) =>
    field === "timeoutSeconds" ? "%d" : "%s",
  );

/**
 * A rule of two fields that holds where one of them is unset, or is no duration: that has a sentence of its
 * own already, and `duration()` would fail the rule. `unless` is a field that makes the rule needless.
 */
function ruleOf(
  fields: readonly [string, string],
  holds: string,
  { unless, message }: { unless?: string; message: string },
): CelRule {
  const without = unless === undefined ? "" : `(${isSet(unless)}) || `;
  const both = fields.map((field) => `!(${isSet(field)})`).join(" || ");
  const durations = fields
    .filter((field) => field !== PROBE_TIMEOUT)
    .map((field) => `!${matchesDuration(field)}`)
    .join(" || ");
  return {
    rule: `${without}${both} || ${durations} || ${holds}`,
    messageExpression: sentence(message, ...fields),
  };
}

/**
 * Times nest, as far as one object says them itself: what it leaves unset comes from somewhere else, and the
 * operator compares the merged result (`firstNotNested`). Where checkTimeout is unset, its neighbours are compared,
 * because it has to lie between them. For an object with the fields `timing` and `probe`.
 */
export const NESTING_RULES: CelRule[] = [
  ruleOf([CONNECT, CHECK], `duration(${CONNECT}) < duration(${CHECK})`, {
    message: format("connectTimeout", "must be less than", "checkTimeout"),
  }),
  ruleOf([CHECK, PROBE_TIMEOUT], `duration(${CHECK}).getMilliseconds() < ${PROBE_TIMEOUT} * 1000`, {
    message: format("checkTimeout", "must be less than", "timeoutSeconds"),
  }),
  ruleOf([CHECK, INTERVAL], `duration(${CHECK}) <= duration(${INTERVAL})`, {
    message: format("checkTimeout", "must not be more than", "interval"),
  }),
  ruleOf(
    [CONNECT, PROBE_TIMEOUT],
    `duration(${CONNECT}).getMilliseconds() < ${PROBE_TIMEOUT} * 1000`,
    {
      unless: CHECK,
      message: `${format("connectTimeout", "must be less than", "timeoutSeconds")}: checkTimeout lies between them`,
    },
  ),
  ruleOf([CONNECT, INTERVAL], `duration(${CONNECT}) < duration(${INTERVAL})`, {
    unless: CHECK,
    message: `${format("connectTimeout", "must be less than", "interval")}: checkTimeout lies between them`,
  }),
];
