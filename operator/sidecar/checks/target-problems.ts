/** What a check says in the log when policy and Secret together name no server that it could ask. */
import { isWireText } from "../../api/wire-text.ts";
import { misconfigured } from "./check.ts";

/** Something of it would be taken for the end of a command. */
const CONTROL_CHARACTER =
  "a host, name or password holds a control character, such as a line break or tab; leave it out";
/** The API server refuses such a policy; a policy file of another version may hold it. */
export const INCOMPLETE =
  "the policy names no host or no credentials; give them, or a connectionString";
/** A login without a name. */
export const EMPTY_USER = "the user name in the Secret is empty";
/** Two sources, of which somebody would rely on the one that is not followed. */
export const TLS_TWICE =
  "policy and connection string both say how to encrypt; leave tls out of the policy, or the mode out of the string";

/** Throws Misconfigured where one of these holds a control character. */
export function refuseControlCharacters(texts: readonly string[]): void {
  if (!texts.every(isWireText)) throw misconfigured(CONTROL_CHARACTER);
}
