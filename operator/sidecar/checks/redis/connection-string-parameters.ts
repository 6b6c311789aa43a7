/**
 * Pure: the parameters of a `redis://` URL that do not stop a check. Every other one does: a word that is not known
 * here may change whom the app talks to, how safely, or what an answer means. Known are those of redis-py (and so of
 * Celery and Django), go-redis, Lettuce and redis-rb.
 */
import type { TlsMode } from "../../../api/policy-file.ts";

/** Of no effect on a check, whatever their value. */
const IGNORED: ReadonlySet<string> = new Set([
  // Which of a server's numbered databases; PING is the same in all.
  "db",
  "database",
  // The policy's own times count, and TCP keep-alive is for connections that last.
  "timeout",
  "connect_timeout",
  "dial_timeout",
  "read_timeout",
  "write_timeout",
  "socket_timeout",
  "socket_connect_timeout",
  "socket_keepalive",
  "health_check_interval",
  // The check has no name on the server, and reads replies that every version of the protocol has.
  "client_name",
  "clientName",
  "protocol",
  "decode_responses",
  "encoding",
  "encoding_errors",
  // Pools and retries of clients.
  "max_connections",
  "pool_size",
  "pool_fifo",
  "pool_timeout",
  "min_idle_conns",
  "max_idle_conns",
  "max_active_conns",
  "conn_max_idle_time",
  "conn_max_lifetime",
  "max_conn_age",
  "idle_timeout",
  "idle_check_frequency",
  "max_retries",
  "min_retry_backoff",
  "max_retry_backoff",
  "retry_on_timeout",
  "reconnect_attempts",
]);

/** How the server is verified, by parameter and value. */
const TLS_MODES: ReadonlyMap<string, TlsMode> = new Map<string, TlsMode>([
  ["ssl_cert_reqs=none", "Require"],
  ["ssl_cert_reqs=CERT_NONE", "Require"],
  ["ssl_cert_reqs=required", "VerifyFull"],
  ["ssl_cert_reqs=CERT_REQUIRED", "VerifyFull"],
  ["skip_verify=true", "Require"],
  ["skip_verify=false", "VerifyFull"],
]);

/** What parameters say that is followed. */
export interface HonouredParameters {
  /** Unset: they do not say. */
  tlsMode?: TlsMode;
}

/** Undefined as soon as one may neither be followed nor ignored, or one is given twice. */
export function honouredParameters(
  parameters: Iterable<[name: string, value: string]>,
): HonouredParameters | undefined {
  const names = new Set<string>();
  const honoured: HonouredParameters = {};
  for (const [name, value] of parameters) {
    const mode = TLS_MODES.get(`${name}=${value}`);
    const isTwice = names.has(name) || (mode !== undefined && honoured.tlsMode !== undefined);
    if (isTwice || (mode === undefined && !IGNORED.has(name))) return undefined;
    names.add(name);
    if (mode !== undefined) honoured.tlsMode = mode;
  }
  return honoured;
}
