/**
 * Pure: results of checks in, ready or not out. Thresholds, staleness and the gating rules are here
 * and nowhere else.
 */
import type { Impact } from "../api/policy-file.ts";
import { type PodReason, type Reason, reasonGates } from "../api/reasons.ts";
import { staleAfterMilliseconds, type Timing } from "../api/timing.ts";
import type { Share } from "./fleet/fleet-share.ts";

/** How one check ended. */
export type CheckResult = (
  | { ok: true; tls?: boolean | undefined; detail?: string | undefined }
  | { ok: false; reason: Reason; detail?: string | undefined; problem?: string }
) & {
  /** Where it went, as a fingerprint; absent where the policy alone says that, or where this check could not say it. */
  target?: string | undefined;
};

/** A value that follows a stream of results with hysteresis. */
interface Level {
  high: boolean;
  /** Results in a row that speak against the present value. */
  against: number;
}

/** What is known of one dependency. Times are milliseconds. */
export interface DependencyState {
  /** Follows successes: what is reported. */
  up: Level;
  /**
   * Follows results that do not gate: successes, and failures whose reason may not empty a Service.
   * Whenever `up` is high, so is this.
   */
  passing: Level;
  /** When the last result came, on the monotonic clock; undefined before the first. */
  heardAt: number | undefined;
  /**
   * When `up` last changed, the first result came, or the last one became too old while `passing` was high, on the wall
   * clock. Where the dependency can keep the pod unready also when a failure changed `passing`.
   */
  since: number | undefined;
  /** Why the latest failed check failed; undefined while up. */
  reason: Reason | undefined;
  /** Of the latest check: its failing parts, or fixed words on its login. Leaves the process; a problem does not. */
  detail: string | undefined;
  /** Whether the latest success was encrypted. */
  tls: boolean | undefined;
}

/**
 * Nothing is known: low, because readiness has to be earned, and the first result decides. Thresholds are for changes.
 * If they counted here, a sidecar that was started again would hold back a healthy pod until its last success.
 */
const UNKNOWN: Level = { high: false, against: Number.POSITIVE_INFINITY };

/** A dependency before its first result. */
export const UNHEARD: DependencyState = {
  up: UNKNOWN,
  passing: UNKNOWN,
  heardAt: undefined,
  since: undefined,
  reason: undefined,
  detail: undefined,
  tls: undefined,
};

/** When something happened, by the clock that never jumps and by the one that people read. */
export interface Moment {
  monotonic: number;
  wall: number;
}

function step(level: Level, good: boolean, timing: Timing): Level {
  if (good === level.high) return { high: level.high, against: 0 };
  const against = level.against + 1;
  const threshold = good ? timing.successThreshold : timing.failureThreshold;
  return against >= threshold ? { high: good, against: 0 } : { high: level.high, against };
}

/** What else decides on a result. */
interface ResultContext {
  at: Moment;
  timing: Timing;
  /** The pod's sidecar has been ready before. */
  firstReady: boolean;
  /** The dependency can keep the pod unready. */
  mayGate: boolean;
}

/** The dependency's state after one more result. */
export function afterResult(
  state: DependencyState,
  result: CheckResult,
  { at, timing, firstReady, mayGate }: ResultContext,
): DependencyState {
  const up = step(state.up, result.ok, timing);
  const passes = result.ok || !reasonGates(result.reason, firstReady);
  const passing = step(state.passing, passes, timing);
  // A database that is lost after its password went wrong holds the pod since it was lost.
  const turned = mayGate && !result.ok && passing.high !== state.passing.high;
  const changed = state.heardAt === undefined || up.high !== state.up.high || turned;
  const latestReason = result.ok ? state.reason : result.reason;
  return {
    up,
    passing,
    heardAt: at.monotonic,
    since: changed ? at.wall : state.since,
    reason: up.high ? undefined : latestReason,
    detail: result.detail,
    tls: result.ok ? result.tls : state.tls,
  };
}

/** What a level says once its last result is too old: one that was low stays so, and its successes count anew. */
const aged = (level: Level): Level =>
  level.high || level === UNKNOWN ? UNKNOWN : { high: false, against: 0 };

/**
 * The state with its last result taken away once that is too old: a stuck loop must not hold a pod in its Services on
 * an old result. One that had failed needs its successes anew; of any other the first result decides.
 */
export function agedOut(state: DependencyState, timing: Timing, now: Moment): DependencyState {
  const { heardAt, passing } = state;
  if (heardAt === undefined) return state;
  const overdue = now.monotonic - heardAt - staleAfterMilliseconds(timing);
  if (overdue <= 0) return state;
  return {
    ...UNHEARD,
    up: aged(state.up),
    passing: aged(passing),
    heardAt,
    // The moment it became too old, whenever that is noticed.
    since: passing.high ? now.wall - overdue : state.since,
    reason: "CheckTimeout",
  };
}

/**
 * The state under other times. Its last result counts from now on: under a shorter interval it would
 * be stale at once, through no fault of the dependency.
 */
export function retimed(state: DependencyState, now: Moment): DependencyState {
  return state.heardAt === undefined ? state : { ...state, heardAt: now.monotonic };
}

/**
 * Whether a dependency stays settled when an edit shortens the times. One that is known to be down
 * does: the edit must not let the pod go. Any other has to be up once more: what it has earned, it
 * earned with more time, and a typo such as `300ms` for `3s` would empty the Service.
 */
export function staysSettled({ passing }: DependencyState): boolean {
  return !passing.high && passing !== UNKNOWN;
}

/**
 * Whether a dependency stays settled when a dry run ends. One that is up does, and gates from its next failures on.
 * Any other has to be up once more: the edit itself must not empty a Service, as no other edit does.
 */
export function staysSettledWhenEnforced({ up }: DependencyState): boolean {
  return up.high;
}

/** A dependency as the pod's verdict sees it. */
export interface Judged {
  name: string;
  impact: Impact;
  /** This very content of the dependency has been up in this pod, at this target, in no more time than it has now. */
  settled: boolean;
  state: DependencyState;
  /** While it is down: whether other pods have it down too. Absent where nobody is asked. */
  share?: Share | undefined;
}

/**
 * Whether the dependency can keep the pod unready. Once the pod has been ready, one that an edit
 * added, changed or gave less time is only reported until it has been up: a typo must not empty a
 * Service. One that is needed at the start has done its part when it has been up once, or when the pod
 * has been ready without it.
 */
export function mayGate({ impact, settled }: Judged, firstReady: boolean): boolean {
  switch (impact) {
    case "Gate":
      return settled || !firstReady;
    case "Startup":
      return !settled && !firstReady;
    case "Observe":
      return false;
  }
}

/** Whether the dependency keeps the pod unready now. */
function gates(judged: Judged, firstReady: boolean): boolean {
  return mayGate(judged, firstReady) && !judged.state.passing.high;
}

/**
 * Whether its next check may come later than the policy says (`paced-interval.ts`), and the last one counts until then:
 * it cannot keep the pod unready, or does so now and that check failed, or too long ago.
 */
export function mayWait(judged: Judged, firstReady: boolean): boolean {
  if (!mayGate(judged, firstReady)) return true;
  const { up, passing } = judged.state;
  const hasFailed = up.high ? up.against > 0 : up.against === 0;
  return hasFailed && !passing.high;
}

/**
 * Whether it depends on other pods if the dependency gates: only in a pod that has been ready, so that one that begins
 * during a shared fault does not serve without ever having met its database; and only once a result has come. One that
 * became too old is up to them as well.
 */
export function isUpToPeers(judged: Judged, firstReady: boolean): boolean {
  return firstReady && judged.state.heardAt !== undefined && gates(judged, firstReady);
}

/**
 * Whether /readyz has to wait: the dependency gates for no other reason than that nothing is known, or nothing any
 * more. A node that stands still, as a virtual machine does while it is moved, finds the results of healthy servers too
 * old when it goes on, and the checks that are due then have not ended yet.
 */
export function awaited(judged: Judged, firstReady: boolean): boolean {
  return mayGate(judged, firstReady) && judged.state.passing === UNKNOWN;
}

/** Whether the next result alone decides if the pod stays in its Services, or comes back. */
export function decidesNext(judged: Judged, firstReady: boolean, timing: Timing): boolean {
  const { high, against } = judged.state.passing;
  const isLast = high && against + 1 >= timing.failureThreshold;
  return awaited(judged, firstReady) || (mayGate(judged, firstReady) && isLast);
}

/** Where the policy file is. */
export type PolicyPresence =
  /** It is mounted. */
  | "Present"
  /**
   * It is mounted in a format that this version cannot read, and no other policy is in force: only a newer sidecar can
   * mend that.
   */
  | "Unsupported"
  /** It has been, in this pod's life: the policy was deleted. */
  | "Removed"
  /** It has not arrived yet; the kubelet may take over a minute. */
  | "Awaited"
  /** It has not arrived in two minutes. */
  | "Missing";

/** How long after the pod's start the policy file is awaited, in milliseconds. */
export const AWAIT_POLICY_MILLISECONDS = 120_000;

/** The pod's readiness. */
export interface Verdict {
  ready: boolean;
  /** Why, where no single dependency says it. */
  reason: PodReason | undefined;
  /** Names of the dependencies that keep the pod unready. */
  gating: string[];
  /**
   * Names of those that would, if more pods than may be unready did not share the fault; absent where there is none.
   */
  shared?: string[];
}

/** The verdict in a dry run, whatever the dependencies do. */
export const DRY_RUN: Verdict = { ready: true, reason: "DryRun", gating: [] };

/** What the verdict is made from. */
export interface Evidence {
  presence: PolicyPresence;
  /** The pod has been ready at least once. */
  firstReady: boolean;
  /** Empty without a policy. */
  dependencies: Judged[];
}

/** Whether the pod is ready. */
export function decide({ presence, firstReady, dependencies }: Evidence): Verdict {
  if (presence === "Awaited") return { ready: false, reason: "Starting", gating: [] };
  if (presence === "Unsupported") return { ready: true, reason: "Unsupported", gating: [] };
  if (presence !== "Present") return { ready: true, reason: "NoPolicy", gating: [] };
  const down = dependencies.filter((judged) => gates(judged, firstReady));
  const shareOf = (judged: Judged) => (isUpToPeers(judged, firstReady) ? judged.share : undefined);
  const holding = down.filter((judged) => (shareOf(judged) ?? "Own") === "Own");
  const shared = down.filter((judged) => shareOf(judged) === "Shared");
  return {
    ready: holding.length === 0,
    reason: reasonOf(holding, shared),
    gating: holding.map(({ name }) => name),
    ...(shared.length > 0 && { shared: shared.map(({ name }) => name) }),
  };
}

function reasonOf(holding: readonly Judged[], shared: readonly Judged[]): PodReason | undefined {
  if (holding.length === 0) return shared.length > 0 ? "SharedFault" : undefined;
  return holding.every(({ state }) => !state.reason) ? "Starting" : undefined;
}
