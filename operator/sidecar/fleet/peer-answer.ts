/** Pure: what a peer's /status says of its dependencies, read with distrust. Whoever may create pods writes it. */
import { MAX_DEPENDENCIES } from "../../api/limits.ts";
import type { DependencyConfig } from "../../api/policy-file.ts";
import { gatingOf, REASONS, type Reason } from "../../api/reasons.ts";
import { fields, list } from "../policy-file/parse-fields.ts";
import type { PeerCount } from "./fleet-share.ts";

/** What one peer says: for each dependency that it has a result of, whether that is down for it. */
type PeerAnswer = ReadonlyMap<string, boolean>;

type Known = Pick<DependencyConfig, "name" | "type">;

/**
 * Such a peer reaches the server, and no pod that has been ready leaves its Services by it. Counted as down, peers
 * whose password was refused for weeks kept a pod ready that had lost its way to the server.
 */
const REFUSED: readonly Reason[] = ["AuthenticationFailed", "TLSFailed", "TooManyConnections"];

/** Whether it is down there; undefined where the peer cannot tell. */
function isDown({ up, failing, reason }: Record<string, unknown>): boolean | undefined {
  // A sidecar of a version before `failing` says that it is down a failure or more later.
  if (up === true) return failing === true;
  const known = REASONS.find((one) => one === reason);
  if (up !== false || known === undefined) return undefined;
  if (REFUSED.includes(known)) return false;
  // Any other has not even tried: it is too old, or has no Secret or no right content of it.
  return gatingOf(known) === "Always" ? true : undefined;
}

function entriesOf(entry: unknown, known: readonly Known[]): [string, boolean][] {
  const from = fields(entry, "dependency");
  const ours = known.find(({ name, type }) => name === from.name && type === from.type);
  const down = ours && isDown(from);
  return down === undefined || !ours ? [] : [[ours.name, down]];
}

/**
 * The answer in `text`; undefined where it is none that a sidecar of this policy gives. What it says of dependencies
 * that this pod does not know, or knows as another type, is left out.
 */
export function peerAnswer(
  text: string,
  { policy, dependencies }: { policy: string; dependencies: readonly Known[] },
): PeerAnswer | undefined {
  try {
    const from = fields(JSON.parse(text), "answer");
    if (from.policy !== policy) return undefined;
    const entries = list(from.dependencies, "dependencies", MAX_DEPENDENCIES);
    return new Map(entries.flatMap((entry) => entriesOf(entry, dependencies)));
  } catch {
    return undefined;
  }
}

/** What these answers say of each dependency of these names; undefined stands for a peer of which none came. */
export function countAnswers(
  names: readonly string[],
  replies: readonly (PeerAnswer | undefined)[],
): ReadonlyMap<string, PeerCount> {
  const answers = replies.filter((answer) => answer !== undefined);
  const silent = replies.length - answers.length;
  return new Map(
    names.map((name) => {
      const said = answers.map((answer) => answer.get(name)).filter((down) => down !== undefined);
      const down = said.filter((isDown) => isDown).length;
      return [name, { answered: said.length, down, silent }];
    }),
  );
}
