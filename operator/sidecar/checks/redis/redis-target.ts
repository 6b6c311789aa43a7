/** Policy and Secrets -> everything one check of a Redis server needs. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { RedisConfig, TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import { readLoginValues, type SecretsContext } from "../read-credentials.ts";
import { EMPTY_USER, INCOMPLETE, refuseControlCharacters, TLS_TWICE } from "../target-problems.ts";
import { type TlsTarget, tlsTarget } from "../tls/tls-target.ts";
import { type ConnectionString, parseConnectionString } from "./connection-string.ts";

/** The words that follow AUTH: a password, or a user and a password. */
export type Login = [password: string] | [user: string, password: string];

/** Where to ask, as whom, and how to protect it. */
export interface RedisTarget {
  endpoint: Endpoint;
  /** Unset: nobody logs in. */
  login: Login | undefined;
  tls: TlsTarget;
}

type Parts = Pick<RedisTarget, "endpoint" | "login"> & { mode: TlsMode };

/**
 * Reads the Secret keys that `config` names. Rejects with what `readSecretKey` rejects with, or with
 * Misconfigured: a malformed URL, one that says of TLS something else than the policy, no host, an empty password,
 * a control character, what `tlsTarget` refuses.
 */
export async function redisTarget(
  config: RedisConfig,
  context: SecretsContext,
): Promise<RedisTarget> {
  const { mode, ...target } = await readParts(config, context);
  return { ...target, tls: await tlsTarget(mode, config.tls?.caSecret, context.readSecretKey) };
}

async function readParts(config: RedisConfig, context: SecretsContext): Promise<Parts> {
  if (config.connectionString) {
    const url = parseConnectionString(await context.readSecretKey(config.connectionString));
    const { host, port, user, password } = url;
    // On the port of a memcached server a line break makes a command of what follows it.
    refuseControlCharacters([user, password]);
    return {
      endpoint: { host, port },
      login: password === "" ? undefined : loginOf(user, password),
      mode: modeOf(url, config.tls?.mode),
    };
  }
  const { host, port = DEPENDENCY_DEFAULTS.redis.port, tls } = config;
  if (!host) throw misconfigured(INCOMPLETE);
  return {
    endpoint: { host, port },
    login: await readLogin(config.credentials, context),
    mode: tls?.mode ?? "Disable",
  };
}

/** Policy and URL must not say different things: whichever were followed, somebody would rely on the other. */
function modeOf({ encrypted, tlsMode }: ConnectionString, ofPolicy: TlsMode | undefined): TlsMode {
  if (ofPolicy === undefined) return encrypted ? (tlsMode ?? "VerifyFull") : "Disable";
  if (tlsMode !== undefined || encrypted === (ofPolicy === "Disable")) {
    throw misconfigured(TLS_TWICE);
  }
  return ofPolicy;
}

async function readLogin(
  credentials: RedisConfig["credentials"],
  context: SecretsContext,
): Promise<Login | undefined> {
  if (!credentials) return undefined;
  const { secretName, usernameKey, passwordKey } = credentials;
  const keys = usernameKey === undefined ? [passwordKey] : [passwordKey, usernameKey];
  const [password = "", user] = await readLoginValues(secretName, keys, context);
  if (password === "") throw misconfigured("the password in the Secret is empty");
  if (user === "") throw misconfigured(EMPTY_USER);
  return user === undefined ? [password] : [user, password];
}

function loginOf(user: string, password: string): Login {
  return user === "" ? [password] : [user, password];
}
