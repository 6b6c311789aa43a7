/**
 * The state of this pod: the policy in force, what is known of each dependency, and the marks. Policies,
 * results and the passing of time change it, questions never do. Whatever it decides, it decides
 * through verdict.ts.
 */
import type { DependencyConfig, Impact, PolicyFile } from "../api/policy-file.ts";
import { type CheckCounts, counted, NO_CHECKS } from "./check-counts.ts";
import { contentOf } from "./content-of.ts";
import { createFirstResults } from "./first-results.ts";
import { asksPeers, createFleetCases } from "./fleet/fleet-cases.ts";
import type { PeerCount } from "./fleet/fleet-share.ts";
import type { Log } from "./log.ts";
import { logPolicy } from "./log-policy.ts";
import { logTransitions } from "./log-transitions.ts";
import type { MarksFile } from "./marks.ts";
import type { DependencyView, PodView } from "./pod-view.ts";
import type { PolicyOfThisPod } from "./policy-file/policy-of-this-pod.ts";
import type { Standing } from "./settled-mark-of.ts";
import { createSettledMarks } from "./settled-marks.ts";
import {
  AWAIT_POLICY_MILLISECONDS,
  afterResult,
  agedOut,
  awaited,
  type CheckResult,
  type DependencyState,
  DRY_RUN,
  decide,
  decidesNext,
  isUpToPeers,
  type Judged,
  type Moment,
  mayGate,
  mayWait,
  type PolicyPresence,
  retimed,
  UNHEARD,
} from "./verdict.ts";

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
  apply(config: PolicyOfThisPod | undefined): void;
  /** Takes note of a policy file that this version cannot read; the policy in force stays. */
  applyUnsupported(formatVersion: number): void;
  /** Takes in a result of the dependency of this name. */
  record(name: string, result: CheckResult, milliseconds: number): void;
  /**
   * Takes in what other pods said of dependencies that are down here when they were asked, at `askedAt` milliseconds of
   * performance.now(): whoever had no reason to know of a fault yet has not said that there is none.
   */
  recordPeers(counts: ReadonlyMap<string, PeerCount>, askedAt: number): void;
  /** Names of dependencies that are down here and that other pods are to be asked about. */
  down(): string[];
  /** Whether the next check of the dependency of this name may come later than the policy says. */
  mayWait(name: string): boolean;
  /** Whether one failure of the dependency of this name would make the pod unready, or keep it so, by itself. */
  decidesNext(name: string): boolean;
  /**
   * Takes in that time has passed: results that have become too old and a policy that has not come are
   * logged and marked. To be called now and then, because no request may ever arrive.
   */
  refresh(): void;
  /** The state at this very moment. Changes, logs and writes nothing, however often it is asked. */
  view(): PodView;
  /** Whether a dependency that could keep the pod unready has had no result, or after a good one none for too long. */
  awaitsResults(): boolean;
  /**
   * Resolves once no such result is awaited any more, and at the latest after checkTimeout or when `signal` fires.
   * Starts no check.
   */
  firstResults(signal: AbortSignal): Promise<void>;
}

interface Entry extends Standing {
  impact: Impact;
  state: DependencyState;
  counts: CheckCounts;
}

const clocks = (): Moment => ({ monotonic: performance.now(), wall: Date.now() });

/** A pod whose policy has not been looked for yet. */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { marks, log } = options;
  const settledMarks = createSettledMarks(marks);
  const now = options.now ?? clocks;
  const entries = new Map<string, Entry>();
  const firstResults = createFirstResults(awaitsResults);
  const noteTransition = logTransitions(log);
  const notePolicy = logPolicy(log);
  const cases = createFleetCases(() => config);
  let config: PolicyFile | undefined;
  let unsupportedFormat: number | undefined;
  let looked = false;

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

  const isDryRun = () => config?.mode === "DryRun";

  /** The past that dependencies are judged by: in a dry run, that of a pod under an enforced policy. */
  const firstReady = () => (isDryRun() ? marks.current().firstPassed : marks.current().firstReady);

  const isSettled = (entry: Entry) => settledMarks.of(entry) !== undefined;

  /** As of its last result, however long ago that came. */
  const judgedOf = (entry: Entry): Judged => {
    const { dependency, impact, state } = entry;
    return { name: dependency.name, impact, settled: isSettled(entry), state };
  };

  function viewOf(entry: Entry, at: Moment): DependencyView {
    const { dependency, counts } = entry;
    const judged = judgedOf(entry);
    const state =
      config && !mayWait(judged, firstReady())
        ? agedOut(entry.state, config.timing, at)
        : entry.state;
    const share = cases.share(judged.name, at.monotonic);
    return { ...judged, type: dependency.type, state, share, counts };
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

  function noteReadiness({ verdict, enforced }: PodView): void {
    const { firstReady, firstPassed } = marks.current();
    // Ready without a policy counts. When nobody wrote the ConfigMap for two minutes, every pod created
    // meanwhile serves; what the late policy finds wrong in them must not take all of them away at once.
    // A dependency gates them from its first success on, as after a live edit.
    const next = {
      firstReady: firstReady || verdict.ready,
      firstPassed: firstPassed || (enforced ?? verdict).ready,
    };
    if (next.firstReady !== firstReady || next.firstPassed !== firstPassed) marks.update(next);
    noteTransition(verdict, enforced);
  }

  function view(): PodView {
    const at = now();
    const dependencies = [...entries.values()].map((entry) => viewOf(entry, at));
    const decided = decide({ presence: presence(at), firstReady: firstReady(), dependencies });
    const dryRun = isDryRun();
    return {
      policy: config?.policy,
      generation: config?.generation,
      unsupportedFormat,
      verdict: dryRun ? DRY_RUN : decided,
      enforced: dryRun ? decided : undefined,
      asksPeers: asksPeers(config),
      dependencies,
    };
  }

  function refresh(): void {
    looked = true;
    const at = now();
    for (const entry of entries.values()) {
      const seen = viewOf(entry, at);
      setState(entry, seen.state);
      const wouldGate = isUpToPeers(seen, firstReady());
      cases.note(entry.dependency.name, wouldGate, at.monotonic);
    }
    noteReadiness(view());
  }

  function changed(): void {
    refresh();
    firstResults.look();
  }

  /** The known entry where its content is the same, else a new one. */
  function entryOf(dependency: DependencyConfig, retime: boolean): Entry {
    const content = contentOf(dependency);
    const known = entries.get(dependency.name);
    if (known?.content === content) {
      return retime ? { ...known, state: retimed(known.state, now()) } : known;
    }
    const impact = options.supportedTypes.includes(dependency.type) ? dependency.impact : "Observe";
    const target = settledMarks.of({ dependency, content })?.target;
    return { dependency, content, target, impact, state: UNHEARD, counts: NO_CHECKS };
  }

  function replaceEntries(next: PolicyFile | undefined): void {
    const retime = JSON.stringify(next?.timing) !== JSON.stringify(config?.timing);
    const fresh = next?.dependencies.map((dependency) => entryOf(dependency, retime)) ?? [];
    entries.clear();
    for (const entry of fresh) entries.set(entry.dependency.name, entry);
    cases.keep((name) => entries.has(name));
  }

  function apply(next: PolicyOfThisPod | undefined): void {
    // A pod that has just become ready without a policy is marked as such before one arrives. At the
    // start nothing is marked: the policy has not been looked for yet.
    if (looked) refresh();
    replaceEntries(next);
    notePolicy(next);
    config = next;
    unsupportedFormat = undefined;
    if (next || marks.current().policySeen) settledMarks.edit(next, [...entries.values()]);
    changed();
  }

  function applyUnsupported(formatVersion: number): void {
    unsupportedFormat = formatVersion;
    // So that its removal is told from a file that has not arrived yet, which would make the pod unready.
    if (!marks.current().policySeen) marks.update({ policySeen: true });
    changed();
  }

  /**
   * A Secret that names another server or user is an edit of the dependency, as one of the policy is: what was earned
   * at the target before does not count, so that a typo in a connection string does not empty a Service.
   */
  function noteTarget(entry: Entry, target: string | undefined): void {
    if (target === undefined || target === entry.target) return;
    if (entry.target !== undefined) {
      const { name, type } = entry.dependency;
      settledMarks.drop(entry);
      entry.state = UNHEARD;
      log("info", "dependency edited in its Secret", { dependency: name, type });
    }
    entry.target = target;
  }

  function record(name: string, result: CheckResult, milliseconds: number): void {
    const entry = entries.get(name);
    if (!entry || !config) return;
    const at = now();
    const { timing } = config;
    noteTarget(entry, result.target);
    // Aged first: after a gap no result counts together with those before, but for what may wait.
    const seen = viewOf(entry, at);
    const before = firstReady();
    const context = { at, timing, firstReady: before, mayGate: mayGate(seen, before) };
    setState(entry, afterResult(seen.state, result, context), milliseconds);
    entry.counts = counted(entry.counts, result, milliseconds);
    // Only after a success under the present times: `up` may date from longer ones.
    if (result.ok && entry.state.up.high && !isSettled(entry)) settledMarks.add(entry);
    if (!result.ok) cases.failed(name);
    changed();
  }

  function recordPeers(counts: ReadonlyMap<string, PeerCount>, askedAt: number): void {
    cases.count(counts, askedAt);
    changed();
  }

  function awaitsResults(): boolean {
    if (isDryRun()) return false;
    const at = now();
    return [...entries.values()].some((entry) => awaited(viewOf(entry, at), firstReady()));
  }

  return {
    apply,
    applyUnsupported,
    record,
    recordPeers,
    down: cases.names,
    mayWait(name) {
      const entry = entries.get(name);
      return entry !== undefined && mayWait(judgedOf(entry), firstReady());
    },
    decidesNext(name) {
      const entry = entries.get(name);
      if (!(entry && config)) return false;
      return decidesNext(viewOf(entry, now()), firstReady(), config.timing);
    },
    refresh,
    view,
    awaitsResults,
    firstResults: (signal) =>
      config
        ? firstResults.wait(signal, config.timing.checkTimeoutMilliseconds)
        : Promise.resolve(),
  };
}
