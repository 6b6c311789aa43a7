/** Reads the whole answer to a call. */
import { AnswerTooLarge } from "./api-error.ts";
import { PendingText, type ReadOn } from "./pending-text.ts";

/** How an answer is read. */
export interface AnswerOptions {
  /** A longer answer is not read: AnswerTooLarge. */
  maxBytes: number;
  /** Is asked before a long answer is read on. */
  readOn: ReadOn;
}

/** The answer as text. However this ends, nothing of the answer is held or comes any more. */
export async function readAnswer(
  answer: AsyncIterable<Buffer>,
  { maxBytes, readOn }: AnswerOptions,
): Promise<string> {
  const text = new PendingText(readOn);
  try {
    // Leaving the loop destroys a stream.
    for await (const chunk of answer) {
      text.add(chunk);
      if (text.bytes > maxBytes) throw new AnswerTooLarge(`the answer is over ${maxBytes} bytes`);
      await text.mayGrow();
    }
    return text.take();
  } finally {
    text.drop();
  }
}
