/** `kubectl create secret --from-file` keeps the newline that an editor put at the end. */
export function trimNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}
