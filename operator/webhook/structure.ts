/** Whether the structure of a JSON text is small enough for JSON.parse, told without parsing it. */

/**
 * Lists and objects inside one another. A review nests its pod three deep and a pod's own fields reach
 * fifteen; comparing what nests without end would exhaust the stack.
 */
export const MAX_DEPTH = 64;
/**
 * Lists, objects and commas together. A stored pod is at most 1.5 MiB (`--max-request-bytes` of etcd) in
 * a form that spends at least 2 bytes on an item and 4 on an object with anything in it, so that no pod
 * has more. JSON.parse makes up to 50 MB of what is at this bound, and 67 MB of 3 MiB of `{}`.
 */
export const MAX_PARTS = (1.5 * 1024 * 1024) / 2;

/** Where the string that begins at `start` ends: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') return at;
    at += character === "\\" ? 2 : 1;
  }
  return at;
}

/** False for a text that nests too deep or has too many parts. Says nothing about whether it is JSON. */
export function isStructureBounded(text: string): boolean {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case ",":
        parts++;
        break;
      case "[":
      case "{":
        depth++;
        parts++;
        break;
      case "]":
      case "}":
        depth--;
    }
    if (depth > MAX_DEPTH || parts > MAX_PARTS) return false;
  }
  return true;
}
