/** For tests: bytes in a protocol whose messages are known, and what is like them. */
import fc from "fast-check";

/** Repeated until it is longer than what a reader should take. */
const MANY = 3_000;

/** At a place, counted round: so many bytes are taken out, and these put there. */
const change = fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 }));

function changed(bytes: Buffer, [at, length, put]: [number, number, Uint8Array]): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + length)]);
}

/** One of the messages: as it is, changed, followed by others, without end, or nobody's bytes. */
function strangeMessage(messages: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const right = fc.constantFrom(...messages);
  const wrong = fc
    .tuple(right, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([message, changes]) => changes.reduce(changed, message));
  return fc.oneof(
    { arbitrary: right, weight: 4 },
    { arbitrary: wrong, weight: 6 },
    { arbitrary: fc.array(right, { maxLength: 4 }).map((all) => Buffer.concat(all)), weight: 2 },
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    right.map((message) => Buffer.concat(Array(MANY).fill(message))),
  );
}

/** What one side of a conversation says, message by message: a right one in which some are exchanged, or none. */
export function strangeConversation(
  right: readonly (readonly Buffer[])[],
  messages: readonly Buffer[],
): fc.Arbitrary<Buffer[]> {
  const message = strangeMessage([...right.flat(), ...messages]);
  const exchanged = fc
    .tuple(fc.constantFrom(...right), fc.array(fc.tuple(fc.nat(), message), { maxLength: 2 }))
    .map(([all, exchanges]) =>
      exchanges.reduce<Buffer[]>((now, [at, other]) => now.with(at % now.length, other), [...all]),
    );
  return fc.oneof({ arbitrary: exchanged, weight: 3 }, fc.array(message, { maxLength: 5 }));
}
