/** The rules of label selectors that the API server itself enforces; as in cel.ts. */
import { type CelRule, matches, quoting } from "./cel.ts";

/** The longest label key: a DNS name of 253 characters, a slash and a name of 63. */
export const MAX_LABEL_KEY_LENGTH = 317;
const LABEL_KEY_PATTERN =
  "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
/** Parts of its DNS name that are empty, or begin or end with a dash: the API server takes no selector with these. */
const NO_DNS_NAME_PATTERN = "([.][.-]|-[.]).*/";
const isLabelKey = (expression: string) =>
  `(${matches(expression, LABEL_KEY_PATTERN)} && !${matches(expression, NO_DNS_NAME_PATTERN)})`;
const LABEL_KEY_ADVICE = "write it as in metadata.labels, for example app or example.com/team";

/**
 * Keys of a map have no limit in a CRD's schema, so that one of a megabyte would be stored. The length is
 * looked at first: matching a pattern costs by the character.
 */
export const LABEL_MAP_RULES: CelRule[] = [
  {
    rule: `self.all(key, key.size() <= ${MAX_LABEL_KEY_LENGTH})`,
    message: `matchLabels: a key has more than ${MAX_LABEL_KEY_LENGTH} characters; ${LABEL_KEY_ADVICE}`,
  },
  {
    rule: `self.all(key, key.size() > ${MAX_LABEL_KEY_LENGTH} || ${isLabelKey("key")})`,
    message: `matchLabels: a key is no label key; ${LABEL_KEY_ADVICE}`,
  },
];

/** The key of one condition of a selector. */
export const LABEL_KEY_RULE: CelRule = {
  rule: isLabelKey("self"),
  message: `matchExpressions: key is no label key; ${LABEL_KEY_ADVICE}`,
};

/** A value that a label can have. */
export const LABEL_VALUE_RULE: CelRule = {
  rule: matches("self", "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"),
  message:
    "selector: a label value has letters, digits, '-', '_' and '.', and begins and ends with a letter or digit",
};

/** An operator and its values belong together, as in every label selector. */
export const SELECTOR_REQUIREMENT_RULE: CelRule = {
  rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
  messageExpression: quoting(
    'matchExpressions key "%s": operator %s; In and NotIn need values, Exists and DoesNotExist take none',
    "self.key",
    "self.operator",
  ),
  message: "matchExpressions: In and NotIn need values, Exists and DoesNotExist take none",
};
