/** What the API server puts in front of a sentence when it warns by the admission policy of this name. */
export const warnedBy = (name: string) =>
  `Warning: Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${name}': `;

const POLICY_WARNINGS = warnedBy("healthpolicy-policy-warnings");

/** What kubectl printed, without its warnings of short host names and empty selectors. */
export function withoutPolicyWarnings(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => !line.startsWith(POLICY_WARNINGS))
    .join("\n");
}
