/** Policy and Secrets -> everything one PostgreSQL login needs. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { PostgresqlConfig, TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import { withoutLineBreak } from "../line-breaks.ts";
import type { Endpoint } from "../network/connect.ts";
import { readCredentials, type SecretsContext } from "../read-credentials.ts";
import { INCOMPLETE, refuseControlCharacters } from "../target-problems.ts";
import { negotiatedTlsTarget, type TlsTarget } from "../tls/tls-target.ts";
import { parseConnectionString } from "./connection-string.ts";
import { canBePrepared, MAX_PREPARED_BYTES } from "./scram.ts";

/** Where and as whom to log in. */
export interface Login extends Endpoint {
  user: string;
  password: string;
  database: string;
  /** Command-line options for the session. */
  options: string | undefined;
  /** Whether a password is only used when the login is tied to the TLS connection. */
  channelBinding: boolean;
}

/** A login and how to protect it. */
export interface PostgresqlTarget {
  login: Login;
  tls: TlsTarget;
}

const DEFAULTS = DEPENDENCY_DEFAULTS.postgresql;

const LONG_PASSWORD = `the password has letters other than ASCII and over ${MAX_PREPARED_BYTES} bytes; give the user a shorter one, or one of ASCII alone`;

/**
 * Reads the Secret keys that `config` names. Rejects with what `readSecretKey` rejects with, or with
 * Misconfigured: a malformed URL, no host or credentials, a control character, a password that takes too
 * long to prepare, what `negotiatedTlsTarget` refuses.
 */
export async function postgresqlTarget(
  config: PostgresqlConfig,
  context: SecretsContext,
): Promise<PostgresqlTarget> {
  const { login, tlsMode } = await readLogin(config, context);
  // Without the line break, with which a check may send it: one that is refused without would never be tried again.
  if (!canBePrepared(withoutLineBreak(login.password))) throw misconfigured(LONG_PASSWORD);
  return { login, tls: await negotiatedTlsTarget(config.tls, tlsMode, context.readSecretKey) };
}

/**
 * User, database and options are sent before anyone knows who listens, so they have no control character: on the port
 * of a memcached server a line break makes a command of what follows it. A NUL ends a field and begins another one.
 */
async function readLogin(
  config: PostgresqlConfig,
  context: SecretsContext,
): Promise<{ login: Login; tlsMode: TlsMode | undefined }> {
  if (config.connectionString) {
    const { tlsMode, ...login } = parseConnectionString(
      await context.readSecretKey(config.connectionString),
    );
    refuseControlCharacters(Object.values(login).map(String));
    return { login, tlsMode };
  }
  const { host, port = DEFAULTS.port, credentials } = config;
  if (!host || !credentials) throw misconfigured(INCOMPLETE);
  refuseControlCharacters([host, config.database ?? ""]);
  const { user, password } = await readCredentials(credentials, context);
  const database = config.database ?? user;
  return {
    login: { host, port, user, password, database, options: undefined, channelBinding: false },
    tlsMode: undefined,
  };
}
