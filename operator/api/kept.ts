/**
 * What may be kept of an object that somebody else wrote. The API server bounds an object by its bytes alone, 1.5
 * MiB: it stores pods with 44,000 labels and Services that select by 90,000. Whatever a cache keeps goes through
 * here or has a bound that its own schema sets.
 */

/** Labels that are kept of an object. Those that people and tools write are a dozen. */
export const MAX_LABELS = 64;
/** Characters of all keys and values of them together. */
export const MAX_LABEL_CHARACTERS = 4_096;

type Labels = Readonly<Record<string, string>>;

/**
 * The labels of an object, or a selector made of labels; undefined where they are more than MAX_LABELS or longer than
 * MAX_LABEL_CHARACTERS. Some of them alone would match what all of them do not. Stops at the limit.
 */
export function keptLabels(labels: Labels | undefined): Labels | undefined {
  let left = MAX_LABELS;
  let charactersLeft = MAX_LABEL_CHARACTERS;
  for (const key in labels) {
    left -= 1;
    charactersLeft -= key.length + (labels[key] ?? "").length;
    if (left < 0 || charactersLeft < 0) return undefined;
  }
  return labels ?? {};
}

/** The text, where it is one of at most so many characters. It is not cut: half a name is another name. */
export function keptText(text: string | undefined, maxLength: number): string | undefined {
  return text !== undefined && text.length <= maxLength ? text : undefined;
}
