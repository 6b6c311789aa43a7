/** Pure: a `redis://` URL as apps carry it -> what is needed to ask. Never quotes its input. */
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { TlsMode } from "../../../api/policy-file.ts";
import { misconfigured } from "../check.ts";
import {
  decodeUrlPart,
  PLAIN,
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
  /** Empty: the password alone is sent. */
  user: string;
  /** Empty: nobody logs in. */
  password: string;
  /** `rediss`, with two s. */
  encrypted: boolean;
  /** How the server is verified; unset: the URL does not say. */
  tlsMode: TlsMode | undefined;
}

/** With the number of a database; no sentinels, clusters and unix sockets, which have other schemes. */
const readUrl = urlReader({
  scheme: "rediss?",
  authority: `${PLAIN}+`,
  path: "[0-9]{0,5}",
  example: "redis://user:password@host:6379",
});

/**
 * Reads a connection URL. Throws Misconfigured for anything
 * else than one TCP host, for a user without a password, for a way to verify beside `redis` without encryption, and
 * for a parameter that can neither be followed nor ignored here.
 */
export function parseConnectionString(text: string): ConnectionString {
  const url = readUrl(text);
  const parameters = honouredParameters(url.searchParams);
  if (!parameters) throw misconfigured(UNKNOWN_PARAMETER);
  const encrypted = url.protocol === "rediss:";
  const user = decodeUrlPart(url.username);
  const password = decodeUrlPart(url.password);
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
    port: portNumber(url.port, DEPENDENCY_DEFAULTS.redis.port),
    user,
    password,
    encrypted,
    tlsMode: parameters.tlsMode,
  };
}
