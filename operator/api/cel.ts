/**
 * The rules that the API server itself enforces, in CEL, each with one plain sentence. They are CEL
 * where a schema keyword would answer in the API server's own words ("should match '^...$'").
 */
import { MAX_DEPENDENCIES } from "./limits.ts";
import { DNS_LABEL_PATTERN, DNS_SUBDOMAIN_PATTERN, SECRET_KEY_PATTERN } from "./name-patterns.ts";
import { POLICY_NAME_MAX_LENGTH } from "./names.ts";
import { WIRE_TEXT_PATTERN } from "./wire-text.ts";

/** One entry of `x-kubernetes-validations`. */
export interface CelRule {
  rule: string;
  /** Said where there is no messageExpression, or where that is empty. */
  message?: string;
  messageExpression?: string;
}

/** The metadata that puts rules into a zod schema, for `.meta()`. */
export function cel(...rules: CelRule[]): { "x-kubernetes-validations": CelRule[] } {
  return { "x-kubernetes-validations": rules };
}

/** The CEL expression of a sentence: a format with the verbs %s and %d, and CEL expressions for them. */
export function sentence(format: string, ...values: string[]): string {
  const quoted = `'${format.replaceAll("'", "\\'")}'`;
  return values.length === 0 ? quoted : `${quoted}.format([${values.join(", ")}])`;
}

/** CEL for "this text matches that pattern". A backslash of the pattern has to be written twice. */
export const matches = (expression: string, pattern: string) =>
  `${expression}.matches('${pattern.replaceAll("\\", "\\\\")}')`;

/**
 * The same for a sentence that repeats texts of the policy. One that holds a control character would bring
 * it to the reader's terminal; the expression is then empty, and the API server says the rule's `message`
 * in its place.
 */
export function quoting(format: string, ...values: string[]): string {
  const verbs = format.match(/%[sd]/g) ?? [];
  const harmless = values
    .filter((_, index) => verbs[index] === "%s")
    .map((text) => matches(text, WIRE_TEXT_PATTERN))
    .join(" && ");
  const said = sentence(format, ...values);
  return harmless === "" ? said : `${harmless} ? ${said} : ''`;
}

/** A whole number lies between two bounds. */
export function rangeRule(
  field: string,
  { minimum, maximum }: { minimum: number; maximum: number },
): CelRule {
  return {
    rule: `self >= ${minimum} && self <= ${maximum}`,
    messageExpression: sentence(
      `${field} must be a whole number from ${minimum} to ${maximum}, not %d`,
      "self",
    ),
  };
}

/** The name of a policy also fits a label value. Stands at the root: rules elsewhere do not see the name. */
export const POLICY_NAME_RULE: CelRule = {
  rule: `self.metadata.name.size() <= ${POLICY_NAME_MAX_LENGTH}`,
  messageExpression: sentence(
    `metadata.name: at most ${POLICY_NAME_MAX_LENGTH} characters, not %d`,
    "self.metadata.name.size()",
  ),
};

/** The list of dependencies has entries, and each has a name of its own. */
export const DEPENDENCY_LIST_RULES: CelRule[] = [
  { rule: "self.size() >= 1", message: `dependencies: give 1 to ${MAX_DEPENDENCIES}, not 0` },
  {
    rule: "self.all(d, self.exists_one(e, e.name == d.name))",
    // Quoted without the check that quoting() adds: with it this rule would exceed the API server's cost limit.
    messageExpression: sentence(
      'dependencies: name "%s" is used twice; give each dependency a name of its own',
      "self.filter(d, !self.exists_one(e, e.name == d.name))[0].name",
    ),
    message: "dependencies: a name is used twice; give each dependency a name of its own",
  },
];

/** Exactly one of the type slots is set. */
export function exactlyOneTypeRule(types: readonly string[]): CelRule {
  const slots = types.map((type) => `has(self.${type})`).join(", ");
  return {
    rule: `[${slots}].filter(t, t).size() == 1`,
    messageExpression: quoting(
      `dependency "%s": give exactly one of ${types.join(", ")}, not %d`,
      "self.name",
      `[${slots}].filter(t, t).size()`,
    ),
    message: `dependency: give exactly one of ${types.join(", ")}`,
  };
}

/** What a dependency may be called. */
export const DEPENDENCY_NAME_RULE: CelRule = {
  rule: matches("self", DNS_LABEL_PATTERN),
  messageExpression: quoting(
    `name "%s": use lower-case letters, digits and '-', beginning and ending with a letter or digit`,
    "self",
  ),
  message: "name: use lower-case letters, digits and '-' on one line",
};

const BEFORE_ZONE = "self.split('%')[0]";

/** What is nearly an IPv6 address has a sentence of its own: an address is not wrong, only what is around it. */
const NOT_A_HOST = [
  `self.contains('%') && isIP(${BEFORE_ZONE}) ? (${quoting(
    'host "%s": remove the zone and write %s',
    "self",
    BEFORE_ZONE,
  )})`,
  `self.startsWith('[') && self.endsWith(']') ? (${quoting('host "%s": write the address without brackets', "self")})`,
  `(${quoting('host "%s": give a bare host name or IP address, not a URL, without port or path', "self")})`,
].join(" : ");

/**
 * A bare host, and none that leads to a node's or a cloud's metadata. The sidecar looks at the
 * resolved addresses again, because a name can lead anywhere.
 */
export const HOST_RULES: CelRule[] = [
  {
    rule: "isIP(self) || self.matches('^[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?[.]?$')",
    messageExpression: NOT_A_HOST,
    message: "host: give a bare host name or IP address on one line, without port or path",
  },
  {
    rule:
      "isIP(self) ? !(ip(self).isLinkLocalUnicast() || ip(self).isUnspecified())" +
      " : !(self in ['metadata', 'metadata.google.internal', 'instance-data'])",
    messageExpression: sentence(
      'host "%s" is not allowed: it is link-local or serves machine metadata; name the server itself',
      "self",
    ),
  },
];

/** A name that a Secret can have. */
export const SECRET_NAME_RULE: CelRule = {
  rule: matches("self", DNS_SUBDOMAIN_PATTERN),
  messageExpression: quoting(
    `secretName "%s": give the name of a Secret of this namespace: lower-case letters, digits, '-' and '.'`,
    "self",
  ),
  message: "secretName: give the name of a Secret of this namespace, on one line",
};

/** A key that a Secret can have. */
export function secretKeyRule(field: string): CelRule {
  return {
    rule: matches("self", SECRET_KEY_PATTERN),
    messageExpression: quoting(
      `${field} "%s": give a key of the Secret: letters, digits, '-', '_' and '.'`,
      "self",
    ),
    message: `${field}: give a key of the Secret, on one line`,
  };
}

/**
 * A text that goes to a server holds nothing that a server could take for the end of a command. The
 * sentence does not repeat the text, so that the control character does not reach a terminal.
 */
export function wireTextRule(field: string): CelRule {
  return {
    rule: matches("self", WIRE_TEXT_PATTERN),
    message: `${field}: holds a control character, such as a line break or tab; leave it out`,
  };
}
