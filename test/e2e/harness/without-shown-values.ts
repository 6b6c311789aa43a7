/**
 * The value that an API server shows before the sentence of a rule. Which one is its own affair and differs by version:
 * on 1.33 the type of the field (`"object"`, `"string"`, `"integer"`), on 1.36 the value itself, or nothing where that
 * is an object or a list.
 */
const SHOWN_VALUE = /(?<=: Invalid value: )(?:"(?:[^"\\]|\\.)*"|-?\d+): /g;

/** A refusal with fields and sentences alone, which are ours. */
export const withoutShownValues = (refusal: string) => refusal.replaceAll(SHOWN_VALUE, "");
