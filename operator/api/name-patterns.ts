/**
 * Which names a policy may hold. One place for the rules of the resource (cel.ts), the reader of the policy
 * file and the reader of Secrets. No schema library: the sidecar loads this file.
 *
 * The patterns mean the same in RE2 and in ECMAScript. They leave lengths to the schema; the functions do not.
 */
import { MAX_LABEL_LENGTH, MAX_NAME_LENGTH } from "./limits.ts";

/** A DNS label (RFC 1123): what a dependency may be called, so that its name fits a metric, a log or a body. */
export const DNS_LABEL_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/**
 * What the schema takes for the name of a Secret: looser than `isDnsSubdomain`, as it also takes dots beside each other
 * or beside a hyphen. Patterns cost by their length in CEL, whose budget a policy shares. A name that is none is
 * `Misconfigured` in the sidecar.
 */
export const DNS_SUBDOMAIN_PATTERN = "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$";

/**
 * A key that a Secret can have: neither `.` nor anything that begins with `..`, which Kubernetes keeps for its
 * volumes and which would climb out of one.
 */
export const SECRET_KEY_PATTERN = "^[.]?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$";

const DNS_LABEL = new RegExp(DNS_LABEL_PATTERN);
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}([.]${LABEL})*$`);
const SECRET_KEY = new RegExp(SECRET_KEY_PATTERN);

/** Whether a dependency may be called so. */
export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_LABEL_LENGTH && DNS_LABEL.test(text);
}

/**
 * Whether a Secret, a HealthPolicy or most other objects can be called so (RFC 1123): nothing that a shell, a log or a
 * terminal could take for more than a name.
 */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && DNS_SUBDOMAIN.test(text);
}

/** Whether a Secret can have this key. */
export function isSecretKey(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && SECRET_KEY.test(text);
}
