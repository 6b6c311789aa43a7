/** Pure: a `postgresql://` URL as apps carry it -> what is needed to log in. Never quotes its input. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import {
  decodeUrlPart,
  namedUser,
  portNumber,
  singleHost,
  UNKNOWN_PARAMETER,
  urlReader,
} from "../url-parts.ts";
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

const readUrl = urlReader({
  scheme: "postgres(ql)?",
  example: "postgresql://user:password@host:5432/database",
});
const UNSUPPORTED_MODE =
  "the sslmode of the connection string is not supported; write disable, prefer, require or verify-full, and sslrootcert=system or none";

const NO_PAIR =
  "the connection string has a parameter without a = or with two; write name=value, with %3D for a = in the value";

/**
 * What follows the `?`, as libpq reads it (conninfo_uri_parse_params in fe-connect.c): each parameter has one `=`, an
 * `&` may stand at the end, and a `+` is itself. URLSearchParams is made for forms and reads a space.
 */
function* parametersOf({ search }: URL): Iterable<[name: string, value: string]> {
  const parameters = search.slice(1).split("&");
  if (parameters.at(-1) === "") parameters.pop();
  for (const parameter of parameters) {
    const [name = "", value, ...more] = parameter.split("=");
    if (value === undefined || more.length > 0) throw misconfigured(NO_PAIR);
    yield [decodeUrlPart(name), decodeUrlPart(value)];
  }
}

/**
 * Reads a connection URL. A host, port, user, password or dbname among the parameters overrides the part
 * before, as in libpq; the database defaults to the user's name.
 * Throws Misconfigured for anything else than one TCP host with a user, for an `sslmode` that is not
 * supported and for a parameter that can neither be followed nor ignored here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const url = readUrl(text);
  const parameters = honouredParameters(parametersOf(url));
  if (!parameters) throw misconfigured(UNKNOWN_PARAMETER);
  const part = (name: HonouredParameter, fromUrl: string) =>
    parameters.get(name) ?? decodeUrlPart(fromUrl);
  const user = namedUser(part("user", url.username));
  return {
    host: singleHost(part("host", url.hostname)),
    port: portNumber(part("port", url.port), DEPENDENCY_DEFAULTS.postgresql.port),
    user,
    password: part("password", url.password),
    database: part("dbname", url.pathname.slice(1)) || user,
    options: parameters.get("options"),
    tlsMode: tlsMode(parameters),
    channelBinding: channelBinding(parameters),
  };
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
