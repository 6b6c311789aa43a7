/** Pure: the answer to memcached's `stats` command, checked while it arrives. */
import { CheckError } from "../check.ts";

/** What lines of the answer begin with; a fragment must begin one of them. */
const BEGINNINGS = ["STAT ", "END", "ERROR", "CLIENT_ERROR ", "SERVER_ERROR "];

/**
 * Takes the answer in chunks and returns true once it is complete: at least one `STAT` line, then `END`.
 * Throws a CheckError: InvalidResponse (an error line, or no statistics), ProtocolError (anything else,
 * at the first byte that cannot be memcached's).
 */
export function createStatsReader(): (chunk: Buffer) => boolean {
  let rest = "";
  let statistics = 0;
  return (chunk) => {
    // latin1 keeps one character a byte: a server name in UTF-8 may be cut between two chunks.
    const lines = (rest + chunk.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (isEnd(line, statistics)) return true;
      statistics += 1;
    }
    if (!couldBegin(rest)) throw new CheckError("ProtocolError");
    return false;
  };
}

function isEnd(line: string, statistics: number): boolean {
  if (/^STAT \S/.test(line)) return false;
  if (line === "END" && statistics > 0) return true;
  if (line === "END" || /^(ERROR$|CLIENT_ERROR |SERVER_ERROR )/.test(line)) {
    throw new CheckError("InvalidResponse");
  }
  throw new CheckError("ProtocolError");
}

function couldBegin(fragment: string): boolean {
  return BEGINNINGS.some((word) => word.startsWith(fragment) || fragment.startsWith(word));
}
