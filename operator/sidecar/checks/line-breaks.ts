/** The line break that a value of a Secret may end in: what `echo` or an editor adds, and the server may hold too. */
import type { Reason } from "../../api/reasons.ts";

/** For whoever looks for the reason of a refused login. */
const ENDS_IN_LINE_BREAK = "a value in the Secret ends in a line break";

/** Whether the checks of one dependency log in with the line breaks that user and password end in, or without. */
export interface LineBreaks {
  /** The values of one login as this check sends them: all without the line break at their end, or all whole. */
  asSent(values: string[]): string[];
  /** The server has taken the login; what it refuses from now on is something else. */
  loggedIn(): void;
  /** The check has failed so. Gives what there is to say of it besides. */
  failed(reason: Reason): string | undefined;
}

/** The text without the line break at its end, if there is one; of two the last goes. */
export function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** What hashes is loaded at its first use: programs whose checks log in nowhere do without, and need less memory. */
function digestOf(values: string[]): string {
  return process.getBuiltinModule("node:crypto").hash("sha256", JSON.stringify(values));
}

/**
 * Without them first, as people mean it. Kubernetes gives server and app a value whole in their environment, and where
 * both took it so, the line break is part of the password: new pods would never be ready. So whenever a login is
 * refused, the next check makes it the other way, and the one that is taken stays until it is refused or a value
 * changes. One login a check: servers lock accounts that fail more often.
 */
export function createLineBreaks(): LineBreaks {
  /** The values that are sent whole, as a digest. */
  let whole: string | undefined;
  /** Likewise those of the check under way, where one ends in a line break and the login has not been taken. */
  let asked: string | undefined;
  return {
    asSent(values) {
      const hasBreak = values.some((value) => value.endsWith("\n"));
      asked = hasBreak ? digestOf(values) : undefined;
      if (whole !== asked) whole = undefined;
      return whole === undefined ? values.map(withoutLineBreak) : values;
    },
    loggedIn() {
      asked = undefined;
    },
    failed(reason) {
      if (reason !== "AuthenticationFailed" || asked === undefined) return undefined;
      whole = whole === undefined ? asked : undefined;
      return ENDS_IN_LINE_BREAK;
    },
  };
}
