/** A user name and a password out of a Secret. */
import type { CredentialsReference } from "../../api/policy-file.ts";
import { type CheckContext, misconfigured } from "./check.ts";
import { withoutLineBreak } from "./line-breaks.ts";
import { EMPTY_USER, refuseControlCharacters } from "./target-problems.ts";

/** Who reads Secrets, and what is known of the line breaks there. */
export type SecretsContext = Pick<CheckContext, "readSecretKey" | "lineBreaks">;

/**
 * The values of these keys as they are sent to log in, in their order. Rejects with what `readSecretKey` rejects with,
 * or with Misconfigured: a control character. The line break at a value's end may stay: what stands before and behind
 * it begins with a NUL, or goes to a server that has answered as Redis, so that no line is a command of another server.
 */
export async function readLoginValues(
  secretName: string,
  keys: string[],
  { readSecretKey, lineBreaks }: SecretsContext,
): Promise<string[]> {
  const read = (key: string) => readSecretKey({ secretName, key }, { keepsLineBreak: true });
  const whole = await Promise.all(keys.map(read));
  const cut = whole.map(withoutLineBreak);
  refuseControlCharacters(cut);
  return lineBreaks?.asSent(whole) ?? cut;
}

/** Rejects with what `readLoginValues` rejects with, or with Misconfigured: a user without a name. */
export async function readCredentials(
  { secretName, usernameKey, passwordKey }: CredentialsReference,
  context: SecretsContext,
): Promise<{ user: string; password: string }> {
  const keys = [usernameKey, passwordKey];
  const [user = "", password = ""] = await readLoginValues(secretName, keys, context);
  if (user === "") throw misconfigured(EMPTY_USER);
  return { user, password };
}
