/** For tests: text in a language whose words are known, and what is like it. */
import fc from "fast-check";

/** Up to `most` of the words in any order, among them text of nobody's language. */
export function strangeText(words: readonly string[], most = 12): fc.Arbitrary<string> {
  const word = fc.oneof(
    { arbitrary: fc.constantFrom(...words), weight: 6 },
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  return fc.array(word, { maxLength: most }).map((parts) => parts.join(""));
}

/** A right text with a part of it cut out and another put there. */
export function almost(right: readonly string[], words: readonly string[]): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.nat(4), strangeText(words, 3));
  return fc
    .tuple(fc.constantFrom(...right), fc.array(change, { maxLength: 3 }))
    .map(([text, changes]) =>
      changes.reduce((now, [at, length, other]) => {
        const start = at % (now.length + 1);
        return now.slice(0, start) + other + now.slice(start + length);
      }, text),
    );
}
