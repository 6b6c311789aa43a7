/** Test fixture: PostgreSQL dependencies, the Secrets that they name, and one check of them. */
import type { DependencyConfig, PostgresqlConfig } from "../../../../api/policy-file.ts";
import { leavingNothing, type Outcome, PATIENT, runCheck } from "../../testing/contract.ts";
import { CREDENTIALS, databaseSecrets } from "../../testing/database-secrets.ts";
import { postgresql } from "../postgresql.ts";
import { SUPERUSER } from "./real-postgresql.ts";

/** The text of each Secret key, as `name/key`; who reads them; and the authority that VERIFY names. */
export const { certificates, secrets: SECRETS, readSecretKey } = databaseSecrets(SUPERUSER);

/** A dependency on 127.0.0.1 with the right credentials, unless `config` says otherwise. */
export function dependency(config: Partial<PostgresqlConfig>): DependencyConfig {
  const filled = { host: "127.0.0.1", credentials: CREDENTIALS, query: "SELECT 1", ...config };
  return { name: "orders-db", type: "postgresql", impact: "Gate", postgresql: filled };
}

/** One check, which must leave nothing behind. */
export const run = (config: Partial<PostgresqlConfig>, checkTimeout = PATIENT): Promise<Outcome> =>
  leavingNothing(() => runCheck(postgresql, dependency(config), { readSecretKey, checkTimeout }));
