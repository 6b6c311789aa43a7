/** Splits a stream of bytes into lines. */

const NEWLINE = 0x0a;

/**
 * Each line of `stream` without its end, as text. Throws when a line is longer than `maxBytes`, and when
 * the stream ends within a line: a cut line could parse as a whole, older object.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString("utf8");
      parts = [];
      bytes = 0;
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
  }
  if (bytes > 0) throw new Error("the stream ended within a line");
}
