/**
 * What an unset field of a dependency means, and the most that a policy may hold. No schema library: the
 * sidecar loads this file.
 */

/** What an unset `mode` of a policy means. */
export const DEFAULT_MODE = "Enforce";

/** What an unset field of a dependency means. The controller writes these values into the file. */
export const DEPENDENCY_DEFAULTS = {
  credentials: { usernameKey: "username", passwordKey: "password" },
  /** Of a protocol in which the server can be asked for TLS on an open connection. */
  negotiatedTlsMode: "Prefer",
  /** Of a protocol that is encrypted from the first byte on, where the policy says that it is. */
  directTlsMode: "VerifyFull",
  postgresql: { impact: "Gate", port: 5_432, query: "SELECT 1" },
  mysql: { impact: "Gate", port: 3_306, query: "SELECT 1" },
  memcached: { impact: "Gate", port: 11_211 },
  redis: { impact: "Gate", port: 6_379 },
  tcp: { impact: "Observe" },
  http: {
    impact: "Observe",
    port: 80,
    tlsPort: 443,
    method: "GET",
    path: "/",
    minimumStatus: 200,
    maximumStatus: 299,
  },
} as const;

/** How much encryption a connection needs, the least first. */
export const TLS_MODES = ["Disable", "Prefer", "Require", "VerifyFull"] as const;
/** The same where a port speaks either TLS or none: there is nothing that a client could prefer. */
export const DIRECT_TLS_MODES = ["Disable", "Require", "VerifyFull"] as const;
/** Requests that change nothing on a server. */
export const HTTP_METHODS = ["GET", "HEAD"] as const;

/** The longest policy file that a sidecar reads, in bytes; the longest that a policy can lead to has about 125,000. */
export const MAX_POLICY_FILE_BYTES = 262_144;
/** The longest body of a sidecar's /status in bytes: it writes no more, and the operator reads no more. */
export const MAX_STATUS_BYTES = 4_096;
/**
 * The most pieces in which an answer with it is read. Head and body take 24 packets of the smallest usual size at most;
 * bytes that come one by one would each cost as much work as a whole packet.
 */
export const MAX_STATUS_CHUNKS = 64;
/** The highest TCP port. */
export const MAX_PORT = 65_535;
/**
 * The longest host name, name of a Secret or key in one, in characters: DNS's limit without the last dot, and
 * Kubernetes' own.
 */
export const MAX_NAME_LENGTH = 253;
/** The longest DNS label, and so the longest name of a dependency, in characters. */
export const MAX_LABEL_LENGTH = 63;
/** The longest query of a database, in characters. */
export const MAX_QUERY_LENGTH = 1_024;
/** The longest name of a database, in characters; PostgreSQL's own limit. */
export const MAX_DATABASE_LENGTH = 63;
/** The same of MySQL and MariaDB. */
export const MAX_MYSQL_DATABASE_LENGTH = 64;
/**
 * The longest sentence of a condition, in characters. Five names of 253 characters with the sentence around
 * them fit, so that no command in it is cut; what is longer is a list that a person would not read.
 */
export const MAX_MESSAGE_LENGTH = 2_048;
/**
 * The longest word of a status or an annotation about one of a container's own probes, in characters: a name of 63,
 * the probe, the field, two numbers of 10, and what separates it from the next.
 */
export const MAX_CHANGED_PROBE_LENGTH = 120;
/** Pods that a status names as examples of one dependency. */
export const MAX_EXAMPLES = 10;
/** Pods whose addresses a policy file carries, so that sidecars can ask each other: twice as many as one asks. */
export const MAX_PEERS = 16;
/**
 * Pods behind a host of their own policy that a policy file names for each dependency. Where there are more, those
 * answer for the Service, and the others become ready by that, unless the host means one pod of a headless Service.
 */
export const MAX_CIRCULAR_PODS = 100;
/** The most dependencies that a policy may name. */
export const MAX_DEPENDENCIES = 12;
/** The most memcached servers that one dependency may name. */
export const MAX_MEMCACHED_SERVERS = 16;
/** The longest path of an HTTP request, in characters. */
export const MAX_PATH_LENGTH = 1_024;
/** The longest Host header: a name, a colon and a port, in characters. */
export const MAX_HOST_HEADER_LENGTH = 259;
/** The lowest and the highest status of a final HTTP answer; those below 200 announce another one. */
export const MIN_STATUS = 200;
export const MAX_STATUS = 599;
