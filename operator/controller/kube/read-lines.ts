/** Splits a stream of bytes into lines. */
import { PendingText, type ReadOn } from "./pending-text.ts";

const NEWLINE = 0x0a;

/** How lines are read. */
export interface LineOptions<T> {
  /** What becomes of a line. Its text is handed to nobody else: while a watch waits, it would keep the last line. */
  parse: (text: string) => T;
  /** A longer line is an error. */
  maxBytes: number;
  /** Is asked before a long line is read on. */
  readOn: ReadOn;
}

/**
 * What `parse` makes of each line of `stream` without its end. Throws when a line is longer than `maxBytes`, and when
 * the stream ends within a line: a cut line could parse as a whole, older object.
 */
export async function* readLines<T>(
  stream: AsyncIterable<Buffer>,
  { parse, maxBytes, readOn }: LineOptions<T>,
): AsyncGenerator<T> {
  const line = new PendingText(readOn);
  const add = (part: Buffer) => {
    line.add(part);
    if (line.bytes > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
  };
  // A function of its own: what is a value of this one stays in memory from one line to the next.
  const take = () => parse(line.take());
  try {
    for await (const chunk of stream) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        add(chunk.subarray(start, end));
        // Taken before it is handed on: nobody else could read on while whoever has it does something else.
        yield take();
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
