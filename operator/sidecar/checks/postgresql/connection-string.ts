/** Pure: a `postgresql://` URL as apps carry it -> what is needed to log in. Never quotes its input. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import { decodeUrlPart, NO_USER, notAUrl, singleHost, UNKNOWN_PARAMETER } from "../url-parts.ts";
import { type HonouredParameter, honouredParameters } from "./connection-string-parameters.ts";

/** What a connection string says. */
export interface ConnectionString {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Command-line options for the session, such as `-c search_path=app`. */
  options: string | undefined;
  /** Unset: the URL does not say. */
  tlsMode: TlsMode | undefined;
  /** Whether the login must be tied to the TLS connection, so that nobody in between can pass it on. */
  channelBinding: boolean;
}

type Parameters = ReadonlyMap<HonouredParameter, string>;

/**
 * `verify-ca` is missing: it trusts whoever holds a certificate of that authority, and the authority
 * itself would be a file of the app's container. `no-verify` is what Node.js programs write for libpq's
 * `require`.
 */
const TLS_MODE_OF_SSLMODE: ReadonlyMap<string, TlsMode> = new Map<string, TlsMode>([
  ["disable", "Disable"],
  ["allow", "Prefer"],
  ["prefer", "Prefer"],
  ["require", "Require"],
  ["no-verify", "Require"],
  ["verify-full", "VerifyFull"],
]);

/**
 * Scheme, authority, path, parameters. No control character and no space: the URL parser drops tabs and
 * newlines silently, so that a password could change on its way. No `#`: what follows it would be dropped,
 * and half of a password that holds one would be taken for the host. A byte order mark fails the scheme.
 */
const SHAPE = /^postgres(ql)?:\/\/[^/?#\p{Cc}\p{Z}]*(\/[^/?#\p{Cc}\p{Z}]*)?(\?[^#\p{Cc}\p{Z}]*)?$/u;

const NOT_A_PORT = "the port of the connection string is not a whole number of digits";
const NOT_A_URL = notAUrl("postgresql://user:password@host:5432/database");
const UNSUPPORTED_MODE =
  "the sslmode of the connection string is not supported; write disable, prefer, require or verify-full, and sslrootcert=system or none";

/**
 * Reads a connection URL. A host, port, user, password or dbname among the parameters overrides the part
 * before, as in libpq; the database defaults to the user's name.
 * Throws Misconfigured for anything else than one TCP host with a user, for an `sslmode` that is not
 * supported and for a parameter that can neither be followed nor ignored here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const url = SHAPE.test(text) ? URL.parse(text) : null;
  if (!url) throw misconfigured(NOT_A_URL);
  const parameters = honouredParameters(url.searchParams);
  if (!parameters) throw misconfigured(UNKNOWN_PARAMETER);
  const part = (name: HonouredParameter, fromUrl: string) =>
    parameters.get(name) ?? decodeUrlPart(fromUrl);
  const user = required(part("user", url.username));
  return {
    host: singleHost(part("host", url.hostname)),
    port: port(part("port", url.port)),
    user,
    password: part("password", url.password),
    database: part("dbname", url.pathname.slice(1)) || user,
    options: parameters.get("options"),
    tlsMode: tlsMode(parameters),
    channelBinding: channelBinding(parameters),
  };
}

function required(text: string): string {
  if (text === "") throw misconfigured(NO_USER);
  return text;
}

/** Digits alone: what JavaScript also takes for a number, such as 0x1538 and 1e3, libpq refuses. */
function port(text: string): number {
  if (text === "") return DEPENDENCY_DEFAULTS.postgresql.port;
  if (!/^\d{1,5}$/.test(text)) throw misconfigured(NOT_A_PORT);
  return Number(text);
}

/**
 * `sslrootcert=system` asks for the public authorities and by itself for `verify-full`; beside a weaker
 * mode it is refused, as in libpq. Any other value is a file of the app's container.
 */
function tlsMode(parameters: Parameters): TlsMode | undefined {
  const rootCertificate = parameters.get("sslrootcert");
  const sslmode = parameters.get("sslmode") ?? (rootCertificate && "verify-full");
  if (sslmode === undefined) return undefined;
  const mode = TLS_MODE_OF_SSLMODE.get(sslmode);
  const isSystem = rootCertificate === "system" && mode === "VerifyFull";
  if (!mode || (rootCertificate !== undefined && !isSystem)) {
    throw misconfigured(UNSUPPORTED_MODE);
  }
  return mode;
}

function channelBinding(parameters: Parameters): boolean {
  const value = parameters.get("channel_binding") ?? "disable";
  if (!["disable", "prefer", "require"].includes(value)) {
    throw misconfigured(
      "the channel_binding of the connection string is not supported; write disable, prefer or require",
    );
  }
  return value === "require";
}
