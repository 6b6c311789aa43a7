/** A user name and a password out of a Secret. */
import type { CredentialsReference } from "../../api/policy-file.ts";
import { type CheckContext, misconfigured } from "./check.ts";
import { EMPTY_USER } from "./target-problems.ts";

/** Rejects with what `readSecretKey` rejects with, or with Misconfigured: a user without a name. */
export async function readCredentials(
  { secretName, usernameKey, passwordKey }: CredentialsReference,
  readSecretKey: CheckContext["readSecretKey"],
): Promise<{ user: string; password: string }> {
  const [user, password] = await Promise.all([
    readSecretKey({ secretName, key: usernameKey }),
    readSecretKey({ secretName, key: passwordKey }),
  ]);
  if (user === "") throw misconfigured(EMPTY_USER);
  return { user, password };
}
