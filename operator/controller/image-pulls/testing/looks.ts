/** For tests: what looks find at the pods of some namespaces, written in letters. */
import type { StartState } from "../../pods/start-state.ts";
import {
  afterLook,
  type StartHistory,
  type StartingPod,
  stoppedBefore,
} from "../injection-stop.ts";

const LETTERS: Record<string, StartState | undefined> = {
  w: "Waiting",
  c: "NotStarting",
  r: "Running",
  p: "Started",
};
/** Those whose image comes from another registry. */
const ELSEWHERE: Record<string, StartState | undefined> = {
  m: "Waiting",
  e: "Started",
};
/**
 * Pods by namespace, one letter each in the order of their names: `w`aits for the image, for one from a `m`irror,
 * `c`rashes at start, `r`uns, has `p`assed its start, has done so with an image from `e`lsewhere; a dot: none of these.
 */
export type Look = Record<string, string>;

/** A gap is a pod that is gone. */
export function podsOf(look: Look): StartingPod[] {
  return Object.entries(look).flatMap(([namespace, letters]) =>
    [...letters].flatMap((letter, index) =>
      letter === " "
        ? []
        : [
            {
              uid: `${namespace}-${index}`,
              namespace,
              name: `web-${index}`,
              created: 0,
              start: LETTERS[letter] ?? ELSEWHERE[letter],
              isExact: !Object.hasOwn(ELSEWHERE, letter),
            },
          ],
    ),
  );
}

const NOTHING = stoppedBefore({ namespaces: [], everywhere: false }, 0);

/** Looks at the given seconds, one after another. */
export function looked(looks: [number, Look][], begun: StartHistory = NOTHING): StartHistory {
  return looks.reduce(
    (history, [seconds, look]) =>
      afterLook(history, podsOf(look), { now: seconds * 1_000, areAllKnown: true }),
    begun,
  );
}

/** Where nothing is injected. */
export function stopped(history: StartHistory): string {
  if (history.everywhere !== undefined) return "everywhere";
  return [...history.stopped.keys()].sort().join(" ");
}

/** Three pods wait, and nobody has the image. */
export const STUCK: [number, Look][] = [
  [0, { shop: "www" }],
  [60, { shop: "www" }],
];
/** The same, where a pod of another namespace has it. */
export const ONE_HAS_IT: [number, Look][] = [
  [0, { shop: "www", blog: "p" }],
  [60, { shop: "www", blog: "p" }],
];
