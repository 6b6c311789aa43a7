/** Pure: a `redis://` URL as apps carry it -> what is needed to ask. Never quotes its input. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import { decodeUrlPart, notAUrl, singleHost, UNKNOWN_PARAMETER } from "../url-parts.ts";
import { honouredParameters } from "./connection-string-parameters.ts";

/** What a connection string says. */
export interface ConnectionString {
  host: string;
  port: number;
  /** Empty: the password alone is sent. */
  user: string;
  /** Empty: nobody logs in. */
  password: string;
  /** `rediss`, with two s. */
  encrypted: boolean;
  /** How the server is verified; unset: the URL does not say. */
  tlsMode: TlsMode | undefined;
}

/**
 * Scheme, authority, the number of a database, parameters. No control character and no space: the URL parser drops
 * tabs and newlines silently, so that a password could change on its way. No `#`: what follows it would be dropped,
 * and half of a password that holds one would be taken for the host. A byte order mark fails the scheme, and so do
 * those of sentinels, clusters and unix sockets.
 */
const SHAPE = /^rediss?:\/\/[^/?#\p{Cc}\p{Z}]+(\/[0-9]{0,5})?(\?[^#\p{Cc}\p{Z}]*)?$/u;

const NOT_A_URL = notAUrl("redis://user:password@host:6379");

/**
 * Reads a connection URL. Throws Misconfigured for anything
 * else than one TCP host, for a user without a password, for a way to verify beside `redis` without encryption, and
 * for a parameter that can neither be followed nor ignored here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const url = SHAPE.test(text) ? URL.parse(text) : null;
  if (!url) throw misconfigured(NOT_A_URL);
  const parameters = honouredParameters(url.searchParams);
  if (!parameters) throw misconfigured(UNKNOWN_PARAMETER);
  const encrypted = url.protocol === "rediss:";
  const [user, password] = [decodeUrlPart(url.username), decodeUrlPart(url.password)];
  if (user !== "" && password === "") {
    throw misconfigured("the connection string names a user without a password; give both or none");
  }
  if (parameters.tlsMode !== undefined && !encrypted) {
    throw misconfigured(
      "the connection string says how to verify the server, but is not encrypted; write rediss://",
    );
  }
  return {
    host: singleHost(decodeUrlPart(url.hostname)),
    port: Number(url.port || DEPENDENCY_DEFAULTS.redis.port),
    user,
    password,
    encrypted,
    tlsMode: parameters.tlsMode,
  };
}
