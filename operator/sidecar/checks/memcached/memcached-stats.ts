/** Pure: the answer to memcached's `stats` command, checked while it arrives. */
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";

/** What lines of the answer begin with; a fragment must begin one of them. */
const BEGINNINGS = ["STAT ", "END", "ERROR", "CLIENT_ERROR ", "SERVER_ERROR "];

/**
 * Lines of a server that is well and does not answer this client, word for word. As any other error they would empty a
 * Service whose pods hold all the connections of a server, and work.
 */
const REFUSALS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  // Then it hangs up (`maxconns_fast`, its default).
  ["ERROR Too many open connections", "TooManyConnections"],
  // It has a file of accounts (`-Y`), and this client no password.
  ["CLIENT_ERROR unauthenticated", "AuthenticationFailed"],
]);

/** Of an unfinished line, more than the longest of all: that and how the line ends is all that is asked of it. */
const KEPT_OF_LINE = 40;

/**
 * Of one server. memcached 1.6.18 sends 93, with data on disks a few dozen more. Of the shortest, 8,000 would fit into
 * 64 KiB, and take milliseconds of the thread that answers probes.
 */
export const MAX_STATISTICS = 1_024;

/**
 * Takes the answer in chunks and returns true once it is complete: at least one `STAT` line, then `END`.
 * Throws a CheckError: a refusal's reason, InvalidResponse (any other error line, or no statistics),
 * ProtocolError (anything else, at the first byte that cannot be memcached's, and statistics without end).
 */
export function createStatsReader(): (chunk: Buffer) => boolean {
  let rest = "";
  let statistics = 0;
  return (chunk) => {
    // latin1 keeps one character a byte: a server name in UTF-8 may be cut between two chunks.
    // As many pieces as the longest answer has with its end and what is behind that: of more, the last are not needed.
    const pieces = MAX_STATISTICS + 2;
    const lines = (rest + chunk.toString("latin1")).split("\r\n", pieces);
    const unfinished = lines.pop() ?? "";
    for (const line of lines) {
      if (isEnd(line, statistics)) return true;
      statistics += 1;
    }
    if (!couldBegin(unfinished)) throw new CheckError("ProtocolError");
    rest = shortened(unfinished);
    return false;
  };
}

/** The line without what nobody looks at. With all of it, every chunk would be as much work as all before. */
function shortened(unfinished: string): string {
  if (unfinished.length <= KEPT_OF_LINE) return unfinished;
  // Its last character, if that may be half of the line's end; any other must not look like the other half.
  const last = unfinished.endsWith("\r") ? "\r" : ".";
  return unfinished.slice(0, KEPT_OF_LINE - 1) + last;
}

function isEnd(line: string, statistics: number): boolean {
  if (/^STAT \S/.test(line)) {
    if (statistics >= MAX_STATISTICS) throw new CheckError("ProtocolError");
    return false;
  }
  if (line === "END" && statistics > 0) return true;
  const refusal = REFUSALS.get(line);
  if (refusal) throw new CheckError(refusal);
  if (line === "END" || /^(ERROR$|CLIENT_ERROR |SERVER_ERROR )/.test(line)) {
    throw new CheckError("InvalidResponse");
  }
  throw new CheckError("ProtocolError");
}

function couldBegin(fragment: string): boolean {
  return BEGINNINGS.some((word) => word.startsWith(fragment) || fragment.startsWith(word));
}
