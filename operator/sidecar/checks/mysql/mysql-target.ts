/** Policy and Secrets -> everything one MySQL login needs. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { MysqlConfig, TlsMode } from "../../../api/policy-file.ts";
import { isWireText } from "../../../api/wire-text.ts";
import { type CheckContext, misconfigured } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import { readCredentials } from "../read-credentials.ts";
import { CONTROL_CHARACTER, INCOMPLETE } from "../target-problems.ts";
import { negotiatedTlsTarget, type TlsTarget } from "../tls/tls-target.ts";
import { parseConnectionString } from "./connection-string.ts";
import type { Account } from "./mysql-login.ts";

/** Where, as whom and how to log in. */
export interface MysqlTarget {
  endpoint: Endpoint;
  account: Account;
  tls: TlsTarget;
}

type ReadSecretKey = CheckContext["readSecretKey"];
type Login = Pick<MysqlTarget, "endpoint" | "account"> & { tlsMode: TlsMode | undefined };

/**
 * Reads the Secret keys that `config` names. Rejects with what `readSecretKey` rejects with, or with Misconfigured: a
 * malformed URL, no host or credentials, a control character, what `negotiatedTlsTarget` refuses.
 */
export async function mysqlTarget(
  config: MysqlConfig,
  readSecretKey: ReadSecretKey,
): Promise<MysqlTarget> {
  const { tlsMode, ...login } = await readLogin(config, readSecretKey);
  // They are sent before anyone knows who listens: on the port of a memcached server a line break makes a command of
  // what follows it. A NUL ends a field and begins another one.
  const { user, password, database = "" } = login.account;
  if (![login.endpoint.host, user, password, database].every(isWireText))
    throw misconfigured(CONTROL_CHARACTER);
  return { ...login, tls: await negotiatedTlsTarget(config.tls, tlsMode, readSecretKey) };
}

async function readLogin(config: MysqlConfig, readSecretKey: ReadSecretKey): Promise<Login> {
  if (config.connectionString) {
    const { host, port, tlsMode, ...account } = parseConnectionString(
      await readSecretKey(config.connectionString),
    );
    return { endpoint: { host, port }, account, tlsMode };
  }
  const { host, port = DEPENDENCY_DEFAULTS.mysql.port, database, credentials } = config;
  if (!host || !credentials) throw misconfigured(INCOMPLETE);
  const account = await readCredentials(credentials, readSecretKey);
  return { endpoint: { host, port }, account: { ...account, database }, tlsMode: undefined };
}
