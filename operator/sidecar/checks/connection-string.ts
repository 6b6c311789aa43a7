/** Pure: a `postgresql://` URL as apps carry it -> what is needed to log in. Never quotes its input. */
import type { TlsMode } from "../../api/policy-file.ts";
import { CheckError } from "./check.ts";

/** What a connection string says. */
export interface ConnectionString {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Command-line options for the session, such as `-c search_path=app`. */
  options: string | undefined;
  /** Unset: the URL has no `sslmode`. */
  tlsMode: TlsMode | undefined;
}

const DEFAULT_PORT = "5432";

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

/** Name another server, or files that this container does not have. */
const UNSUPPORTED_PARAMETERS = ["hostaddr", "service", "passfile", "sslcert", "sslkey"];

const misconfigured = () => new CheckError("Misconfigured");

/**
 * Reads a connection URL; one newline at its end is what editors leave in a Secret. A host, port, user,
 * password or dbname among the parameters overrides the part before, as in libpq; the database defaults
 * to the user's name.
 * Throws Misconfigured for anything else than one TCP host with a user, for an `sslmode` that is not
 * supported and for parameters that cannot be honoured here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const trimmed = text.replace(/\r?\n$/, "");
  // The URL parser drops tabs and newlines silently, so that a password could change on its way. A byte
  // order mark fails the scheme.
  if (!/^postgres(ql)?:\/\/[^\p{Cc}\p{Z}]*$/u.test(trimmed)) throw misconfigured();
  const url = URL.parse(trimmed);
  if (!url) throw misconfigured();
  const parameters = url.searchParams;
  if (UNSUPPORTED_PARAMETERS.some((name) => parameters.has(name))) throw misconfigured();
  const part = (parameter: string, fromUrl: string) => parameters.get(parameter) ?? decode(fromUrl);
  const user = required(part("user", url.username));
  return {
    host: singleHost(part("host", url.hostname)),
    port: Number(part("port", url.port) || DEFAULT_PORT),
    user,
    password: part("password", url.password),
    database: part("dbname", url.pathname.slice(1)) || user,
    options: parameters.get("options") ?? undefined,
    tlsMode: tlsMode(parameters),
  };
}

/** URIError would carry no secret, but a driver's error never leaves a check. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misconfigured();
  }
}

function required(text: string): string {
  if (text === "") throw misconfigured();
  return text;
}

/** No list of hosts, and no path of a unix socket. */
function singleHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (/[,/]/.test(host)) throw misconfigured();
  return required(host);
}

function tlsMode(parameters: URLSearchParams): TlsMode | undefined {
  const rootCertificate = parameters.get("sslrootcert");
  if (rootCertificate !== null && rootCertificate !== "system") throw misconfigured();
  const sslmode = parameters.get("sslmode");
  if (sslmode === null) return undefined;
  const mode = TLS_MODE_OF_SSLMODE.get(sslmode);
  if (!mode) throw misconfigured();
  return mode;
}
