/** Policy and Secrets -> everything one MySQL login needs. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { MysqlConfig, TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import { readCredentials, type SecretsContext } from "../read-credentials.ts";
import { INCOMPLETE, refuseControlCharacters } from "../target-problems.ts";
import { negotiatedTlsTarget, type TlsTarget } from "../tls/tls-target.ts";
import { parseConnectionString } from "./connection-string.ts";
import type { Account } from "./mysql-login.ts";

/** Where, as whom and how to log in. */
export interface MysqlTarget {
  endpoint: Endpoint;
  account: Account;
  tls: TlsTarget;
}

type Login = Pick<MysqlTarget, "endpoint" | "account"> & { tlsMode: TlsMode | undefined };

/**
 * Reads the Secret keys that `config` names. Rejects with what `readSecretKey` rejects with, or with Misconfigured: a
 * malformed URL, no host or credentials, a control character, what `negotiatedTlsTarget` refuses.
 */
export async function mysqlTarget(
  config: MysqlConfig,
  context: SecretsContext,
): Promise<MysqlTarget> {
  const { tlsMode, ...login } = await readLogin(config, context);
  return { ...login, tls: await negotiatedTlsTarget(config.tls, tlsMode, context.readSecretKey) };
}

/**
 * What is sent before anyone knows who listens has no control character: on the port of a memcached server a line break
 * makes a command of what follows it. A NUL ends a field and begins another one.
 */
async function readLogin(config: MysqlConfig, context: SecretsContext): Promise<Login> {
  if (config.connectionString) {
    const { host, port, tlsMode, ...account } = parseConnectionString(
      await context.readSecretKey(config.connectionString),
    );
    refuseControlCharacters([host, account.user, account.password, account.database ?? ""]);
    return { endpoint: { host, port }, account, tlsMode };
  }
  const { host, port = DEPENDENCY_DEFAULTS.mysql.port, database, credentials } = config;
  if (!host || !credentials) throw misconfigured(INCOMPLETE);
  refuseControlCharacters([host, database ?? ""]);
  const account = await readCredentials(credentials, context);
  return { endpoint: { host, port }, account: { ...account, database }, tlsMode: undefined };
}
