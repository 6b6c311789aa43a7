/** Names as Kubernetes gives them to most objects. */

const MAX_CHARACTERS = 253;
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);

/**
 * Whether the text is an RFC 1123 subdomain of at most 253 characters: nothing that a shell, a log or a
 * terminal could take for more than a name.
 */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= MAX_CHARACTERS && SUBDOMAIN.test(text);
}
