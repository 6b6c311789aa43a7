/**
 * What a pod remembers of the probes whose times were raised: two annotations for people and for the policy's
 * status. Whoever creates a pod can write them too, so that nothing is decided by them.
 */
import { MAX_CHANGED_PROBE_LENGTH } from "../api/limits.ts";
import { PROBES_LEFT_ALONE_ANNOTATION, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import type { JudgedProbe } from "../api/standards/pod-probes.ts";

/** Entries of each annotation; more probes than a pod has containers that anybody looks at one by one. */
export const MAX_RECORDED = 16;
/** Says that there were more. */
const MORE = "...";
const SEPARATOR = ", ";
/** Characters of the longest annotation of ours. A longer one was written by somebody else, and is not read. */
const MAX_TEXT_LENGTH = MAX_RECORDED * MAX_CHANGED_PROBE_LENGTH + MORE.length;

const ENTRY =
  /^(?<place>[a-z0-9-]{1,63}\/(?:readiness|liveness)Probe\.(?:timeout|period)Seconds)=(?<from>\d{1,10})->(?<to>\d{1,10})$/;
const PROBE = /^[a-z0-9-]{1,63}\/(?:readiness|liveness)Probe$/;

/** One time of one probe, before and after. */
export interface Raise {
  container: string;
  probe: JudgedProbe;
  field: "timeoutSeconds" | "periodSeconds";
  from: number;
  to: number;
}

/** A probe that was left alone. */
export type LeftAlone = Pick<Raise, "container" | "probe">;

/** The annotations of a pod. */
type Annotations = Readonly<Record<string, string>>;

/** What the annotations of a pod say, as short texts: `app/readinessProbe.timeoutSeconds=1->5`. */
export interface RaisedRecord {
  raised: string[];
  /** `app/readinessProbe`. */
  leftAlone: string[];
}

function entriesIn(text: unknown, pattern: RegExp): string[] {
  if (typeof text !== "string" || text.length > MAX_TEXT_LENGTH) return [];
  return text
    .split(SEPARATOR)
    .filter((entry) => pattern.test(entry))
    .slice(0, MAX_RECORDED);
}

/** Reads what a pod's annotations say; what is no text of ours is left out. */
export function raisedRecord(annotations: Annotations): RaisedRecord {
  return {
    raised: entriesIn(annotations[PROBES_RAISED_ANNOTATION], ENTRY),
    leftAlone: entriesIn(annotations[PROBES_LEFT_ALONE_ANNOTATION], PROBE),
  };
}

function print(entries: readonly string[], wasCut: boolean): string {
  const shown = entries.slice(0, MAX_RECORDED);
  return [...shown, ...(wasCut || shown.length < entries.length ? [MORE] : [])].join(SEPARATOR);
}

const wasCut = (text: unknown) => typeof text === "string" && text.endsWith(SEPARATOR + MORE);

/** By place, so that a time that is raised twice has one entry, from the first value to the last. */
function mergeRaises(earlier: readonly string[], raises: readonly Raise[]): string[] {
  const byPlace = new Map<string, { from: string; to: string }>();
  for (const entry of earlier) {
    const { place = "", from = "", to = "" } = ENTRY.exec(entry)?.groups ?? {};
    byPlace.set(place, { from, to });
  }
  for (const { container, probe, field, from, to } of raises) {
    const place = `${container}/${probe}.${field}`;
    const before = byPlace.get(place);
    const first = before?.to === String(from) ? before.from : String(from);
    byPlace.set(place, { from: first, to: String(to) });
  }
  return [...byPlace].map(([place, { from, to }]) => `${place}=${from}->${to}`);
}

/** The annotations that record `raises` and `leftAlone` beside what `annotations` record already. */
export function recordAnnotations(
  annotations: Annotations,
  raises: readonly Raise[],
  leftAlone: readonly LeftAlone[],
): Record<string, string> {
  const earlier = raisedRecord(annotations);
  const alone = leftAlone.map(({ container, probe }) => `${container}/${probe}`);
  const texts: [string, string[]][] = [
    [PROBES_RAISED_ANNOTATION, raises.length > 0 ? mergeRaises(earlier.raised, raises) : []],
    [
      PROBES_LEFT_ALONE_ANNOTATION,
      alone.length > 0 ? [...new Set([...earlier.leftAlone, ...alone])] : [],
    ],
  ];
  return Object.fromEntries(
    texts
      .filter(([, entries]) => entries.length > 0)
      .map(([key, entries]) => [key, print(entries, wasCut(annotations[key]))]),
  );
}
