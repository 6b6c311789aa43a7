/** Test fixture: MySQL dependencies, the Secrets that they name, and one check of them. */
import type { DependencyConfig, MysqlConfig } from "../../../../api/policy-file.ts";
import { leavingNothing, type Outcome, PATIENT, runCheck } from "../../testing/contract.ts";
import { CREDENTIALS, databaseSecrets } from "../../testing/database-secrets.ts";
import { mysql } from "../mysql.ts";
import { APP } from "./real-mariadb.ts";

/** The text of each Secret key, as `name/key`; who reads them; and the authority that VERIFY names. */
export const { certificates, secrets: SECRETS, readSecretKey } = databaseSecrets(APP);

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
