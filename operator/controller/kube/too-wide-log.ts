/** Says in the log of which objects less is kept than there is of them. */
import type { Logger } from "pino";
import { MAX_LABEL_CHARACTERS, MAX_LABELS } from "../../api/kept.ts";
import { keyOf, type ObjectName } from "./kube-object.ts";

/** Objects of a kind that are named; whoever makes such an object can make many. */
const MOST_NAMED = 20;

/** To be told of each object whose labels, or selector of labels, are more than is kept. */
export type OnTooWide = (object: ObjectName) => void;

/** A listener for objects of `kind` that names each of the first 20 once. `instead` says what becomes of one. */
export function createTooWideLog(
  log: Pick<Logger, "warn">,
  kind: string,
  instead: string,
): OnTooWide {
  const named = new Set<string>();
  return (object) => {
    const key = keyOf(object);
    if (named.size >= MOST_NAMED || named.has(key)) return;
    named.add(key);
    const bounds = `${MAX_LABELS} labels or ${MAX_LABEL_CHARACTERS} characters of labels`;
    log.warn({ kind, key }, `an object has more than ${bounds}: ${instead}`);
  };
}
