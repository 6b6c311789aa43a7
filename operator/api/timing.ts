/** The rule that times nest, and the worst cases that follow from them. Stated once, for every program. */

/** The built-in times: what an unset field of a policy means. Durations as the API takes them. */
export const DEFAULT_TIMES = {
  connectTimeout: "3s",
  checkTimeout: "4s",
  interval: "5s",
  failureThreshold: 2,
  successThreshold: 1,
  periodSeconds: 2,
  timeoutSeconds: 5,
} as const;

/**
 * Shortest and longest value of each duration. Below the shortest, checks would hammer a server; above the
 * longest, a fault would go unseen for longer than anybody waits. A check ends within the 60 s that a
 * probe may take.
 */
export const DURATION_LIMITS = {
  connectTimeout: { minimum: "50ms", maximum: "30s" },
  checkTimeout: { minimum: "100ms", maximum: "59s" },
  interval: { minimum: "500ms", maximum: "10m" },
} as const;

/** Least and greatest value of each whole number of `timing` and `probe`. */
export const NUMBER_LIMITS = {
  failureThreshold: { minimum: 1, maximum: 10 },
  successThreshold: { minimum: 1, maximum: 10 },
  periodSeconds: { minimum: 1, maximum: 60 },
  timeoutSeconds: { minimum: 1, maximum: 60 },
} as const;

/** Times of the checks, in milliseconds, and thresholds. */
export interface Timing {
  /** DNS and connect together. */
  connectTimeoutMilliseconds: number;
  /** The whole check: DNS, connect, handshake, query. */
  checkTimeoutMilliseconds: number;
  /** Start to start of two checks of one dependency; each wait is drawn from 0.9 to 1.0 of it. */
  intervalMilliseconds: number;
  /** Failures in a row after which a dependency that was up counts as down. */
  failureThreshold: number;
  /** Successes in a row after which it counts as up again; its first result of all decides at once. */
  successThreshold: number;
}

/** Times of the readiness probe of the injected container, in whole seconds as the kubelet takes them. */
export interface ProbeTiming {
  periodSeconds: number;
  timeoutSeconds: number;
}

/** Worst cases in milliseconds, counted from the dependency's change to the kubelet's next probe. */
export interface Bounds {
  unreadyWithinMilliseconds: number;
  readyWithinMilliseconds: number;
}

const UNIT_MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 };

/** A duration as the API takes it: a whole number with the unit ms, s or m. RE2 and ECMAScript alike. */
export const DURATION_PATTERN = "^[0-9]{1,6}(ms|s|m)$";

/** Milliseconds of a duration such as `500ms`, `3s` or `1m`; undefined when the text is none. */
export function durationMilliseconds(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text);
  const unit = match?.[1];
  if (unit === undefined) return undefined;
  return Number(text.slice(0, -unit.length)) * (UNIT_MILLISECONDS[unit] ?? Number.NaN);
}

/** Milliseconds as the API prints them: whole seconds as `16s`, anything else as `500ms`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}

/** A time of `timing` or `probe`, by its name in the API. */
export type TimeField = keyof typeof DEFAULT_TIMES;

/** Two times that do not nest, and how they would. */
export interface NotNested {
  shorter: TimeField;
  relation: "must be less than" | "must not be more than";
  longer: TimeField;
}

/**
 * The first pair of times that does not nest, or undefined when all do.
 * A probe that ends before the check it waits for would fail a healthy pod, and a check that outlasts
 * its interval would be overtaken by the next one.
 */
export function firstNotNested(timing: Timing, probe: ProbeTiming): NotNested | undefined {
  if (timing.connectTimeoutMilliseconds >= timing.checkTimeoutMilliseconds) {
    return { shorter: "connectTimeout", relation: "must be less than", longer: "checkTimeout" };
  }
  if (timing.checkTimeoutMilliseconds >= probe.timeoutSeconds * 1_000) {
    return { shorter: "checkTimeout", relation: "must be less than", longer: "timeoutSeconds" };
  }
  if (timing.checkTimeoutMilliseconds > timing.intervalMilliseconds) {
    return { shorter: "checkTimeout", relation: "must not be more than", longer: "interval" };
  }
  return undefined;
}

/** The sentence for two times that do not nest; `say` gives the text of a time, with where it comes from. */
export function notNestedSentence(
  { shorter, relation, longer }: NotNested,
  say: (field: TimeField) => string,
): string {
  const name = longer === "timeoutSeconds" ? "probe.timeoutSeconds" : longer;
  return `timing: ${shorter} (${say(shorter)}) ${relation} ${name} (${say(longer)})`;
}

const numberOf = (bound: number | string) =>
  typeof bound === "number" ? bound : (durationMilliseconds(bound) ?? Number.NaN);

/** The nearest value within two bounds; a bound is a number, or a duration that counts in milliseconds. */
export function nearest(
  value: number,
  { minimum, maximum }: { minimum: number | string; maximum: number | string },
): number {
  return Math.min(Math.max(value, numberOf(minimum)), numberOf(maximum));
}

/**
 * The nearest times that a policy could have asked for: each within its limits, connectTimeout below
 * checkTimeout, and interval no shorter than checkTimeout. Where two do not nest, the change is the one
 * that asks less of the server. For times that came past the API server's rules.
 */
export function withinLimits(timing: Timing): Timing {
  const check = nearest(timing.checkTimeoutMilliseconds, DURATION_LIMITS.checkTimeout);
  const connect = nearest(timing.connectTimeoutMilliseconds, DURATION_LIMITS.connectTimeout);
  const interval = nearest(timing.intervalMilliseconds, DURATION_LIMITS.interval);
  return {
    connectTimeoutMilliseconds: Math.min(connect, check - 1),
    checkTimeoutMilliseconds: check,
    intervalMilliseconds: Math.max(interval, check),
    failureThreshold: nearest(timing.failureThreshold, NUMBER_LIMITS.failureThreshold),
    successThreshold: nearest(timing.successThreshold, NUMBER_LIMITS.successThreshold),
  };
}

/** How long one question to other pods takes at most: asking, connecting and reading the answer. */
export const ASK_MILLISECONDS = 1_000;
/** How old what a sidecar says of itself may be: it is made at most once a second. */
const ANSWER_AGE_MILLISECONDS = 1_000;
/** The shortest share of an interval between two checks: the rest of it is drawn, so that pods drift apart. */
export const SHORTEST_WAIT = 0.9;

/**
 * How long, in milliseconds, after a dependency counts as down every other pod that has the same fault knows of it. A
 * pod whose checks began with the fault has its streak of failures together after (threshold - 1) of the shortest
 * waits; one whose check was over just before fails for the first time an interval after the fault.
 */
export function knownToAllMilliseconds({ failureThreshold, intervalMilliseconds }: Timing): number {
  const ahead = 1 - SHORTEST_WAIT * (failureThreshold - 1);
  return Math.round(Math.max(0, ahead * intervalMilliseconds)) + ANSWER_AGE_MILLISECONDS;
}

/**
 * How long, in milliseconds, a dependency that is down does not gate yet where other pods are asked about it: until
 * they must know, and one question more.
 */
export function heldBackMilliseconds(timing: Timing): number {
  return knownToAllMilliseconds(timing) + ASK_MILLISECONDS;
}

/**
 * Worst-case times from a dependency's failure (or return) to the pod's readiness following it.
 * The last check of a streak starts at most threshold x interval after the change and takes at most
 * checkTimeout; the kubelet asks at most one period later. The kubelet's and the API server's own
 * delays come on top. `asksPeers`: other pods are asked before one turns unready.
 */
export function bounds(timing: Timing, probe: ProbeTiming, asksPeers: boolean = false): Bounds {
  const afterStreak = (threshold: number) =>
    threshold * timing.intervalMilliseconds +
    timing.checkTimeoutMilliseconds +
    probe.periodSeconds * 1_000;
  return {
    unreadyWithinMilliseconds:
      afterStreak(timing.failureThreshold) + (asksPeers ? heldBackMilliseconds(timing) : 0),
    readyWithinMilliseconds: afterStreak(timing.successThreshold),
  };
}

/**
 * Age in milliseconds from which a result is worth nothing: the next one is overdue by a second.
 * Otherwise a stuck loop would hold a pod in its Services on an old result.
 */
export function staleAfterMilliseconds(timing: Timing): number {
  return timing.intervalMilliseconds + timing.checkTimeoutMilliseconds + 1_000;
}

/** The times that bound one check. */
export type Timeouts = Pick<Timing, "connectTimeoutMilliseconds" | "checkTimeoutMilliseconds">;

/**
 * Whether a dependency that was fast enough under `before` may be too slow under `after`, through no
 * fault of its own. `before` is undefined while no policy has been in force.
 */
export function shortened(before: Timeouts | undefined, after: Timeouts): boolean {
  if (before === undefined) return false;
  return (
    after.connectTimeoutMilliseconds < before.connectTimeoutMilliseconds ||
    after.checkTimeoutMilliseconds < before.checkTimeoutMilliseconds
  );
}
