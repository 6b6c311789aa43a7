/** Whether the structure of a JSON text is small enough for JSON.parse, told without parsing it. */

/**
 * Lists and objects inside one another. A review nests its pod three deep and a pod's own fields reach
 * fifteen; comparing what nests without end would exhaust the stack.
 */
export const MAX_DEPTH = 64;
/**
 * Lists, objects and commas together. An honest pod has fewer: one of 1.5 MiB (`--max-request-bytes` of etcd) with
 * 190,000 variables of one letter is as much as Linux starts. Denser ones, such as 780,000 times `{}` in
 * imagePullSecrets, say nothing. JSON.parse makes up to 40 MB of what is at this bound, and would make 67 MB of 3 MiB
 * of `{}`.
 */
export const MAX_PARTS = 400_000;

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
