/** A user name and a password out of a Secret. */
import type { CredentialsReference } from "../../api/policy-file.ts";
import { type CheckContext, CheckError } from "./check.ts";

/** Rejects with what `readSecretKey` rejects with, or with Misconfigured: a user without a name. */
export async function readCredentials(
  { secretName, usernameKey, passwordKey }: CredentialsReference,
  readSecretKey: CheckContext["readSecretKey"],
): Promise<{ user: string; password: string }> {
  const [user, password] = await Promise.all([
    readSecretKey({ secretName, key: usernameKey }),
    readSecretKey({ secretName, key: passwordKey }),
  ]);
  if (user === "") throw new CheckError("Misconfigured");
  return { user, password };
}
