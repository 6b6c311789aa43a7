/**
 * The state of this pod: the policy in force, what is known of each dependency, and the marks. Policies,
 * results and the passing of time change it, questions never do. Whatever it decides, it decides
 * through verdict.ts.
 */
import { isDeepStrictEqual } from "node:util";
import type { DependencyConfig, Impact, PolicyFile } from "../api/policy-file.ts";
import { shortened, type Timing } from "../api/timing.ts";
import { type CheckCounts, counted, NO_CHECKS } from "./check-counts.ts";
import type { Log } from "./log.ts";
import type { MarksFile } from "./marks.ts";
import {
  AWAIT_POLICY_MILLISECONDS,
  afterResult,
  agedOut,
  awaited,
  type CheckResult,
  type DependencyState,
  decide,
  type Judged,
  type Moment,
  type PolicyPresence,
  retimed,
  staysSettled,
  UNHEARD,
  type Verdict,
} from "./verdict.ts";

/** One dependency as probes, status and metrics show it. */
export interface DependencyView extends Judged {
  type: string;
  counts: CheckCounts;
}

/** All that the answers are made of, at one moment. */
export interface PodView {
  policy: string | undefined;
  generation: number | undefined;
  /** formatVersion of the policy file, while that is one which this version cannot read. */
  unsupportedFormat?: number | undefined;
  verdict: Verdict;
  dependencies: DependencyView[];
}

/** What a pod's readiness needs. */
export interface ReadinessOptions {
  marks: MarksFile;
  /** The dependency types that this version can check. */
  supportedTypes: readonly string[];
  log: Log;
  /** Both clocks; a test sets them. */
  now?: () => Moment;
}

/** The state of this pod, and what changes it. */
export interface Readiness {
  /** Takes a policy into force, or none. */
  apply(config: PolicyFile | undefined): void;
  /** Takes note of a policy file that this version cannot read; the policy in force stays. */
  applyUnsupported(formatVersion: number): void;
  /** Takes in a result of the dependency of this name. */
  record(name: string, result: CheckResult, milliseconds: number): void;
  /**
   * Takes in that time has passed: results that have become too old and a policy that has not come are
   * logged and marked. To be called now and then, because no request may ever arrive.
   */
  refresh(): void;
  /** The state at this very moment. Changes, logs and writes nothing, however often it is asked. */
  view(): PodView;
  /** Whether a dependency that could keep the pod unready has not had its first result. */
  awaitsResults(): boolean;
  /**
   * Resolves once every dependency that could keep the pod unready has had its first result, and at
   * the latest after checkTimeout or when `signal` fires. Starts no check.
   */
  firstResults(signal: AbortSignal): Promise<void>;
}

interface Entry {
  dependency: DependencyConfig;
  /** The dependency as text: what a change and the settled marks are told by. */
  content: string;
  impact: Impact;
  state: DependencyState;
  counts: CheckCounts;
}

const clocks = (): Moment => ({ monotonic: performance.now(), wall: Date.now() });

/** A pod whose policy has not been looked for yet. */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { marks, log } = options;
  const now = options.now ?? clocks;
  const entries = new Map<string, Entry>();
  const waiting = new Set<() => void>();
  let config: PolicyFile | undefined;
  let unsupportedFormat: number | undefined;
  let wasReady: boolean | undefined;

  const startedAt = now();
  const awaitPolicyUntil =
    startedAt.monotonic +
    AWAIT_POLICY_MILLISECONDS -
    Math.max(0, startedAt.wall - marks.current().podStartedAt);

  function presence(at: Moment): PolicyPresence {
    if (config) return "Present";
    if (unsupportedFormat !== undefined) return "Unsupported";
    if (marks.current().policySeen) return "Removed";
    return at.monotonic < awaitPolicyUntil ? "Awaited" : "Missing";
  }

  const isSettled = ({ dependency, content }: Entry) =>
    marks.current().settled[dependency.name] === content;

  const stateAt = ({ state }: Entry, at: Moment) =>
    config ? agedOut(state, config.timing, at) : state;

  function viewOf(entry: Entry, at: Moment): DependencyView {
    const { dependency, impact, counts } = entry;
    const { name, type } = dependency;
    return { name, type, impact, settled: isSettled(entry), state: stateAt(entry, at), counts };
  }

  function setState(entry: Entry, state: DependencyState, milliseconds?: number): void {
    const before = entry.state;
    entry.state = state;
    if (state.since === before.since) return;
    log(state.up.high ? "info" : "warn", state.up.high ? "dependency up" : "dependency down", {
      dependency: entry.dependency.name,
      type: entry.dependency.type,
      impact: entry.impact,
      reason: state.reason,
      detail: state.detail,
      milliseconds: milliseconds === undefined ? undefined : Math.round(milliseconds),
    });
  }

  function noteReadiness(verdict: Verdict): void {
    // Ready without a policy counts. When nobody wrote the ConfigMap for two minutes, every pod created
    // meanwhile serves; what the late policy finds wrong in them must not take all of them away at once.
    // A dependency gates them from its first success on, as after a live edit.
    if (verdict.ready && !marks.current().firstReady) marks.update({ firstReady: true });
    if (verdict.ready === wasReady) return;
    wasReady = verdict.ready;
    log(verdict.ready ? "info" : "warn", verdict.ready ? "pod ready" : "pod not ready", {
      reason: verdict.reason,
      dependencies: verdict.gating.join(",") || undefined,
    });
  }

  function view(): PodView {
    const at = now();
    const dependencies = [...entries.values()].map((entry) => viewOf(entry, at));
    const { firstReady } = marks.current();
    const verdict = decide({ presence: presence(at), firstReady, dependencies });
    const { policy, generation } = config ?? {};
    return { policy, generation, unsupportedFormat, verdict, dependencies };
  }

  function refresh(): void {
    const at = now();
    for (const entry of entries.values()) setState(entry, stateAt(entry, at));
    noteReadiness(view().verdict);
  }

  function changed(): void {
    refresh();
    for (const look of waiting) look();
  }

  /** The known entry where its content is the same, else a new one. */
  function entryOf(dependency: DependencyConfig, retime: boolean): Entry {
    const content = JSON.stringify(dependency);
    const known = entries.get(dependency.name);
    if (known?.content === content) {
      return retime ? { ...known, state: retimed(known.state, now()) } : known;
    }
    const impact = options.supportedTypes.includes(dependency.type) ? dependency.impact : "Observe";
    return { dependency, content, impact, state: UNHEARD, counts: NO_CHECKS };
  }

  /**
   * Forgets the settled marks of dependencies that are gone, changed or now get less time. The times
   * before are read from the marks, so that an edit made while no sidecar ran is noticed.
   */
  function dropOldMarks(timing: Timing | undefined): void {
    const before = marks.current().timeouts;
    const strict = timing !== undefined && shortened(before, timing);
    const kept = [...entries.values()].filter(
      (entry) => isSettled(entry) && (!strict || staysSettled(entry.state)),
    );
    const next = {
      policySeen: true,
      settled: Object.fromEntries(kept.map((entry) => [entry.dependency.name, entry.content])),
      timeouts: timing && {
        connectTimeoutMilliseconds: timing.connectTimeoutMilliseconds,
        checkTimeoutMilliseconds: timing.checkTimeoutMilliseconds,
      },
    };
    if (!isDeepStrictEqual({ ...marks.current(), ...next }, marks.current())) marks.update(next);
  }

  function replaceEntries(next: PolicyFile | undefined): void {
    const retime = JSON.stringify(next?.timing) !== JSON.stringify(config?.timing);
    const fresh = next?.dependencies.map((dependency) => entryOf(dependency, retime)) ?? [];
    entries.clear();
    for (const entry of fresh) entries.set(entry.dependency.name, entry);
  }

  function apply(next: PolicyFile | undefined): void {
    // A pod that has just become ready without a policy is marked as such before one arrives. At the
    // start nothing is marked: the policy has not been looked for yet.
    if (wasReady !== undefined) refresh();
    replaceEntries(next);
    if (next) log("info", "policy in force", { policy: next.policy, generation: next.generation });
    else if (config) log("info", "policy removed");
    config = next;
    unsupportedFormat = undefined;
    if (next || marks.current().policySeen) dropOldMarks(next?.timing);
    changed();
  }

  function applyUnsupported(formatVersion: number): void {
    unsupportedFormat = formatVersion;
    // So that its removal is told from a file that has not arrived yet, which would make the pod unready.
    if (!marks.current().policySeen) marks.update({ policySeen: true });
    changed();
  }

  function record(name: string, result: CheckResult, milliseconds: number): void {
    const entry = entries.get(name);
    if (!entry || !config) return;
    const at = now();
    const { timing } = config;
    const { firstReady, settled } = marks.current();
    // Aged first: after a gap a dependency starts from failing, and needs its successes anew.
    const state = stateAt(entry, at);
    setState(entry, afterResult(state, result, { at, timing, firstReady }), milliseconds);
    entry.counts = counted(entry.counts, result, milliseconds);
    // Only after a success under the present times: `up` may date from longer ones.
    if (result.ok && entry.state.up.high && !isSettled(entry)) {
      marks.update({ settled: { ...settled, [name]: entry.content } });
    }
    changed();
  }

  function awaitsResults(): boolean {
    const at = now();
    const { firstReady } = marks.current();
    return [...entries.values()].some((entry) => awaited(viewOf(entry, at), firstReady));
  }

  function firstResults(signal: AbortSignal): Promise<void> {
    if (signal.aborted || !config || !awaitsResults()) return Promise.resolve();
    const { checkTimeoutMilliseconds } = config.timing;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(deadline);
        waiting.delete(look);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const look = () => {
        if (!awaitsResults()) end();
      };
      const deadline = setTimeout(end, checkTimeoutMilliseconds);
      waiting.add(look);
      signal.addEventListener("abort", end);
    });
  }

  return { apply, applyUnsupported, record, refresh, view, awaitsResults, firstResults };
}
