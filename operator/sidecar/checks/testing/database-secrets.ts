/** Test fixture: the Secret `db`, which dependencies on a database name, and who reads it. */
import type { SecretKeyReference, TlsConfig } from "../../../api/policy-file.ts";
import { CheckError } from "../check.ts";
import { createCertificates } from "./certificates.ts";

/** Right credentials; `wrong` and `empty` are keys with other passwords. */
export const CREDENTIALS = { secretName: "db", usernameKey: "username", passwordKey: "password" };
/** The right authority; `stranger` is the key of another one. */
export const VERIFY: TlsConfig = { mode: "VerifyFull", caSecret: { secretName: "db", key: "ca" } };

/** The Secret with the credentials of `account`, and the authority that CREDENTIALS and VERIFY name. */
export function databaseSecrets(account: { user: string; password: string }) {
  const certificates = createCertificates();
  /** The text of each Secret key, as `name/key`. */
  const secrets: Record<string, string> = {
    "db/username": account.user,
    "db/password": account.password,
    "db/wrong": "no password",
    "db/empty": "",
    "db/ca": certificates.ca,
    "db/stranger": createCertificates().ca,
  };

  async function readSecretKey({ secretName, key }: SecretKeyReference): Promise<string> {
    const text = secrets[`${secretName}/${key}`];
    if (text === undefined) throw new CheckError("CredentialsMissing");
    return text;
  }

  return { certificates, secrets, readSecretKey };
}
