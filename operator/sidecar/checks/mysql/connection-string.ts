/** Pure: a `mysql://` URL as apps carry it -> what is needed to log in. Never quotes its input. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import {
  decodeUrlPart,
  namedUser,
  ONE_HOST,
  portNumber,
  singleHost,
  UNKNOWN_PARAMETER,
  urlReader,
} from "../url-parts.ts";
import { honouredParameters } from "./connection-string-parameters.ts";

/** What a connection string says. */
export interface ConnectionString {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Unset: the URL names none. */
  database: string | undefined;
  /** Unset: the URL does not say. */
  tlsMode: TlsMode | undefined;
}

/**
 * `VERIFY_CA` is missing: it trusts whoever holds a certificate of that authority, and the authority itself would be a
 * file of the app's container.
 */
const TLS_MODE_OF_SSL_MODE: ReadonlyMap<string, TlsMode> = new Map<string, TlsMode>([
  ["DISABLED", "Disable"],
  ["PREFERRED", "Prefer"],
  ["REQUIRED", "Require"],
  ["VERIFY_IDENTITY", "VerifyFull"],
]);

/** Ruby writes `mysql2`. */
const readUrl = urlReader({
  scheme: "mysql2?|mariadb",
  example: "mysql://user:password@host:3306/database",
});
const UNSUPPORTED_MODE =
  "the ssl-mode of the connection string is not supported; write DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY";

/**
 * Reads a connection URL. Throws Misconfigured for anything else than one TCP host with a user, for an `ssl-mode` that
 * is not supported and for a parameter that can neither be followed nor ignored here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const url = readUrl(text);
  const parameters = honouredParameters(url.searchParams);
  if (!parameters) throw misconfigured(UNKNOWN_PARAMETER);
  return {
    host: hostOf(url),
    port: portNumber(url.port, DEPENDENCY_DEFAULTS.mysql.port),
    user: namedUser(decodeUrlPart(url.username)),
    password: decodeUrlPart(url.password),
    database: decodeUrlPart(url.pathname.slice(1)) || undefined,
    tlsMode: tlsMode(parameters.sslMode),
  };
}

function tlsMode(sslMode: string | undefined): TlsMode | undefined {
  if (sslMode === undefined) return undefined;
  const mode = TLS_MODE_OF_SSL_MODE.get(sslMode.toUpperCase());
  if (mode === undefined) throw misconfigured(UNSUPPORTED_MODE);
  return mode;
}

/** No `address=(...)` of Connector/J either. */
function hostOf({ hostname }: URL): string {
  const host = singleHost(decodeUrlPart(hostname));
  if (/[()]/.test(host)) throw misconfigured(ONE_HOST);
  return host;
}
