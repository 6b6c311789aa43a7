/** Pure: what tells the target of one check from that of another. */
import { hash } from "node:crypto";
import type { TlsMode } from "../../api/policy-file.ts";
import { withoutLineBreak } from "./line-breaks.ts";
import type { Endpoint } from "./network/connect.ts";

/** Where a check goes, and as whom. */
export interface TargetParts extends Endpoint {
  user: string | undefined;
  /** Unset: none is chosen. */
  database?: string | undefined;
  /** Of the session. */
  options?: string | undefined;
  tlsMode: TlsMode;
}

/**
 * The target as a digest, because it is kept on a volume, and a Secret says who logs in. Without the password and the
 * certificates of authorities: those are rotated, and what a wrong one causes takes no running pod out. A user, and a
 * database that has its name, are the same with a line break at the end and without: checks try both.
 */
export function targetFingerprint(parts: TargetParts): string {
  const { host, port, user, database, options, tlsMode } = parts;
  const cut = (name: string | undefined) => name && withoutLineBreak(name);
  return hash(
    "sha256",
    JSON.stringify([host, port, cut(user), cut(database), options, tlsMode]),
    "base64url",
  );
}
