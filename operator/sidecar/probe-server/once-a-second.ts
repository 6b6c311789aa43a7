/** What `make` gave last, made anew when a second has passed: asked for more often, it costs nothing. */
export function onceASecond<T>(make: () => T): () => T {
  let made: { value: T; at: number } | undefined;
  return () => {
    const at = performance.now();
    if (made === undefined || at - made.at >= 1_000) made = { value: make(), at };
    return made.value;
  };
}
