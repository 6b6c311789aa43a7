/** Test fixture: MySQL dependencies, the Secrets that they name, and one check of them. */
import type {
  DependencyConfig,
  MysqlConfig,
  SecretKeyReference,
  TlsConfig,
} from "../../../../api/policy-file.ts";
import { CheckError } from "../../check.ts";
import { createCertificates } from "../../testing/certificates.ts";
import { leavingNothing, type Outcome, PATIENT, runCheck } from "../../testing/contract.ts";
import { mysql } from "../mysql.ts";
import { APP } from "./real-mariadb.ts";

/** The authority of VERIFY. */
export const certificates = createCertificates();
const stranger = createCertificates();

/** Right credentials; `wrong` and `empty` are keys with other passwords. */
export const CREDENTIALS = { secretName: "db", usernameKey: "username", passwordKey: "password" };
/** The right authority; `stranger` is the key of another one. */
export const VERIFY: TlsConfig = { mode: "VerifyFull", caSecret: { secretName: "db", key: "ca" } };

/** The text of each Secret key, as `name/key`. */
export const SECRETS: Record<string, string> = {
  "db/username": APP.user,
  "db/password": APP.password,
  "db/wrong": "no password",
  "db/empty": "",
  "db/ca": certificates.ca,
  "db/stranger": stranger.ca,
};

/** Reads SECRETS. */
export async function readSecretKey({ secretName, key }: SecretKeyReference): Promise<string> {
  const text = SECRETS[`${secretName}/${key}`];
  if (text === undefined) throw new CheckError("CredentialsMissing");
  return text;
}

/** A dependency on 127.0.0.1 with the right credentials, unless `config` says otherwise. */
export function dependency(config: Partial<MysqlConfig>): DependencyConfig {
  const filled = { host: "127.0.0.1", credentials: CREDENTIALS, query: "SELECT 1", ...config };
  return { name: "orders-db", type: "mysql", impact: "Gate", mysql: filled };
}

/** One check while the test does other things, which keep the process awake too. */
export const runBeside = (config: Partial<MysqlConfig>, checkTimeout = PATIENT): Promise<Outcome> =>
  runCheck(mysql, dependency(config), { readSecretKey, checkTimeout });

/** One check, which must leave nothing behind. */
export const run = (config: Partial<MysqlConfig>, checkTimeout = PATIENT): Promise<Outcome> =>
  leavingNothing(() => runBeside(config, checkTimeout));
