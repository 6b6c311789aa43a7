/** How long all who ask get the same text. */
const SHARED_MILLISECONDS = 1_000;

/**
 * What `render` resolved with, for all who ask while it works and for a second after that: it works once at a time,
 * however many ask. Rejects as it does, for those who wait for it; the next who asks has it work again.
 */
export function sharedRender<T>(render: () => Promise<T>): () => Promise<T> {
  let last: { text: Promise<T>; until: number } | undefined;
  return () => {
    if (last && performance.now() < last.until) return last.text;
    const rendering = { text: render(), until: Number.POSITIVE_INFINITY };
    const end = (milliseconds: number) => () => {
      rendering.until = performance.now() + milliseconds;
    };
    rendering.text.then(end(SHARED_MILLISECONDS), end(0));
    last = rendering;
    return rendering.text;
  };
}
