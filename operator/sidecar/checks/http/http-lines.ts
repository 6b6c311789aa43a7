/** Pure: text that arrives in chunks -> its lines, at a cost that grows with its length and not with its chunks. */

/** What has arrived and was not yet taken. */
export interface Lines {
  add(chunk: string): void;
  /** Takes the next line, without its end: LF, and a CR before it. Undefined while it has not ended. */
  next(): string | undefined;
  /** The first `length` characters of what is left, fewer where there are no more. Takes nothing. */
  beginning(length: number): string;
  /** Between two lines: takes as many characters, or what is there, and says how many. */
  skip(length: number): number;
  /** Between two lines: takes all that is left. */
  takeRest(): string;
}

/** Servers send CR LF, and some this alone, which clients take as well (RFC 9112, section 2.2). */
const END = "\n";

const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);

/**
 * Keeps an unfinished line in pieces and looks for its end in the new ones alone. Looking through all of it at each
 * chunk, a server that sends a line in a thousand pieces would make a check a thousand times as expensive.
 */
export function createLines(): Lines {
  /** Of the line that has not ended: no end is in them. */
  let searched: string[] = [];
  let left = "";

  return {
    add(chunk) {
      left += chunk;
    },
    next() {
      const end = left.indexOf(END);
      if (end < 0) {
        searched.push(left);
        left = "";
        return undefined;
      }
      const line = withoutReturn(searched.join("") + left.slice(0, end));
      searched = [];
      left = left.slice(end + END.length);
      return line;
    },
    beginning(length) {
      let text = "";
      for (const piece of searched) {
        if (text.length >= length) break;
        text += piece;
      }
      return (text + left).slice(0, length);
    },
    skip(length) {
      const skipped = Math.min(length, left.length);
      left = left.slice(skipped);
      return skipped;
    },
    takeRest() {
      const rest = left;
      left = "";
      return rest;
    },
  };
}
