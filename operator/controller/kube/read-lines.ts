/** Splits a stream of bytes into lines. */
import { PendingText, type ReadOn } from "./pending-text.ts";

const NEWLINE = 0x0a;

/** How lines are read. */
export interface LineOptions {
  /** A longer line is an error. */
  maxBytes: number;
  /** Is asked before a long line is read on. */
  readOn: ReadOn;
}

/**
 * Each line of `stream` without its end, as text. Throws when a line is longer than `maxBytes`, and when
 * the stream ends within a line: a cut line could parse as a whole, older object.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  { maxBytes, readOn }: LineOptions,
): AsyncGenerator<string> {
  const line = new PendingText(readOn);
  const add = (part: Buffer) => {
    line.add(part);
    if (line.bytes > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
  };
  try {
    for await (const chunk of stream) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        add(chunk.subarray(start, end));
        // Taken before it is handed on: nobody else could read on while whoever has it does something else.
        yield line.take();
        start = end + 1;
      }
      add(chunk.subarray(start));
      await line.mayGrow();
    }
    if (line.bytes > 0) throw new Error("the stream ended within a line");
  } finally {
    line.drop();
  }
}
