/** Pure: bytes in chunks -> whole messages, at a cost that grows with the bytes and not with the chunks. */

/**
 * How long the message is that begins with `bytes`, of which there may be none; infinite while that cannot be told.
 * Throws where no message begins so.
 */
export type LengthOf = (bytes: Buffer) => number;

/**
 * Takes bytes in chunks and calls `onMessage` for each whole message. Throws what `lengthOf` throws, as soon as the
 * bytes that it needs have arrived. The chunks of an unfinished message are kept as they are and joined once: joining
 * them at each chunk would make a message in a thousand pieces as much work as 500 messages.
 */
export function cutMessages(
  lengthOf: LengthOf,
  onMessage: (message: Buffer) => void,
): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let arrived = 0;
  let needed = 0;
  return (chunk) => {
    chunks.push(chunk);
    arrived += chunk.length;
    if (arrived < needed) return;
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks, arrived);
    let length = lengthOf(rest);
    while (length <= rest.length) {
      onMessage(rest.subarray(0, length));
      rest = rest.subarray(length);
      length = lengthOf(rest);
    }
    chunks = [rest];
    arrived = rest.length;
    // Where the length cannot be told yet, each chunk may tell it or show that no message begins so.
    needed = Number.isFinite(length) ? length : 0;
  };
}
