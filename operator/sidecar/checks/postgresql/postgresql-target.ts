/** Policy and Secrets -> everything one PostgreSQL login needs. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { PostgresqlConfig, TlsMode } from "../../../api/policy-file.ts";
import { isWireText } from "../../../api/wire-text.ts";
import { type CheckContext, misconfigured } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import { readCredentials } from "../read-credentials.ts";
import { CONTROL_CHARACTER, INCOMPLETE } from "../target-problems.ts";
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

type ReadSecretKey = CheckContext["readSecretKey"];

const DEFAULTS = DEPENDENCY_DEFAULTS.postgresql;

const LONG_PASSWORD = `the password has letters other than ASCII and over ${MAX_PREPARED_BYTES} bytes; give the user a shorter one, or one of ASCII alone`;

/**
 * Reads the Secret keys that `config` names. Rejects with what `readSecretKey` rejects with, or with
 * Misconfigured: a malformed URL, no host or credentials, a control character, a password that takes too
 * long to prepare, what `negotiatedTlsTarget` refuses.
 */
export async function postgresqlTarget(
  config: PostgresqlConfig,
  readSecretKey: ReadSecretKey,
): Promise<PostgresqlTarget> {
  const { login, tlsMode } = await readLogin(config, readSecretKey);
  // User, database and options are sent before anyone knows who listens: on the port of a memcached server a
  // line break makes a command of what follows it. A NUL ends a field and begins another one.
  if (!Object.values(login).every((value) => isWireText(String(value)))) {
    throw misconfigured(CONTROL_CHARACTER);
  }
  if (!canBePrepared(login.password)) throw misconfigured(LONG_PASSWORD);
  return { login, tls: await negotiatedTlsTarget(config.tls, tlsMode, readSecretKey) };
}

async function readLogin(
  config: PostgresqlConfig,
  readSecretKey: ReadSecretKey,
): Promise<{ login: Login; tlsMode: TlsMode | undefined }> {
  if (config.connectionString) {
    const { tlsMode, ...login } = parseConnectionString(
      await readSecretKey(config.connectionString),
    );
    return { login, tlsMode };
  }
  const { host, port = DEFAULTS.port, credentials } = config;
  if (!host || !credentials) throw misconfigured(INCOMPLETE);
  const { user, password } = await readCredentials(credentials, readSecretKey);
  const database = config.database ?? user;
  return {
    login: { host, port, user, password, database, options: undefined, channelBinding: false },
    tlsMode: undefined,
  };
}
