/** Splits a stream of bytes into lines. */

const NEWLINE = 0x0a;

/** The pieces of a line whose end has not come yet. */
class PendingLine {
  readonly maxBytes: number;
  private parts: Buffer[] = [];
  bytes = 0;
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  add(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes > this.maxBytes) throw new Error(`a line is longer than ${this.maxBytes} bytes`);
    this.parts.push(part);
  }

  take(): string {
    const text = Buffer.concat(this.parts).toString("utf8");
    this.parts = [];
    this.bytes = 0;
    return text;
  }
}

/**
 * Each line of `stream` without its end, as text. Throws when a line is longer than `maxBytes`, and when
 * the stream ends within a line: a cut line could parse as a whole, older object.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string> {
  const line = new PendingLine(maxBytes);
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      line.add(chunk.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (line.bytes > 0) throw new Error("the stream ended within a line");
}
