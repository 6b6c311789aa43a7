/**
 * Runs the checks in the background: for each dependency one loop, at most one check in flight, a
 * deadline over the whole of it. However many probes arrive, a dependency sees at most one check per
 * interval, but for one that failed while the program stood still.
 */
import type { DependencyConfig, PolicyFile } from "../api/policy-file.ts";
import { SHORTEST_WAIT, shortened, type Timing } from "../api/timing.ts";
import { createAddressOrder } from "./checks/address-order.ts";
import { createLineBreaks } from "./checks/line-breaks.ts";
import { contentOf } from "./content-of.ts";
import { farthestMoment } from "./farthest-moment.ts";
import { pacedInterval } from "./paced-interval.ts";
import { type CheckSources, type StartedCheck, startCheck } from "./start-check.ts";
import type { CheckResult } from "./verdict.ts";

/** A check that ends so long after its deadline failed while the program stood still, as it does with its node. */
const STOOD_STILL_MILLISECONDS = 500;
/**
 * CPU of a TLS handshake or of connecting, in milliseconds, from which a dependency's checks keep away from others of
 * this kind: under the sidecar's limit of a tenth of a core it is a twentieth of a second, and twelve at once are most
 * of one.
 */
const KEPT_APART_MILLISECONDS = 6;

/** What checks need, and what is told of them. */
export interface RunChecksOptions extends CheckSources {
  /** Given each result as it comes, with the time the check took in milliseconds. Must not throw. */
  onResult: (dependency: DependencyConfig, result: CheckResult, milliseconds: number) => void;
  /**
   * Whether the next check of the dependency of this name may come later than the policy says: its last one failed, and
   * the pod does not stay in its Services by it. Must not throw.
   */
  mayWait: (name: string) => boolean;
  /** Whether one failure of the dependency of this name would decide on the pod by itself. Must not throw. */
  decidesNext: (name: string) => boolean;
  /** Called whenever checks have been started by time, not by `apply`. May call `apply`. Must not throw. */
  onTurn?: () => void;
  /** From 0 to 1; Math.random unless a test draws. */
  random?: () => number;
}

/** All loops. */
export interface CheckRunner {
  /**
   * Follows a policy, or none. A dependency whose content is as before keeps its loop and its check
   * in flight; longer times count for it from its next start. Shorter ones end the check in flight and
   * start another: a success that took longer than is allowed now must not speak for the times of now.
   */
  apply(config: PolicyFile | undefined): void;
  /** Ends every loop and every check in flight. Nothing is reported afterwards. */
  stop(): void;
}

interface Loop {
  content: string;
  /** The times in force. */
  timing(): Timing;
  retime(timing: Timing): void;
  /** Starts a check now if the shortest wait since the last start is over and the loop is not kept apart. */
  startIfDue(): void;
  /** When its next check begins, where the loop is kept apart from others that are. */
  keptApartAt(): number | undefined;
  /**
   * What connecting takes at each of its checks, in milliseconds of CPU a second at the policy's interval. Nothing
   * where the next check may not wait: its result has to come before the last one is too old.
   */
  connectLoad(): number;
  stop(): void;
}

/** What a loop begins with. */
interface Beginning {
  firstTiming: Timing;
  /** Called after each start that its own timer made. `alone`: it is kept apart, and no other is to start with it. */
  onTurn: (alone: boolean) => void;
  /** When the next checks of all loops begin that are kept apart. */
  keptApart: () => number[];
  /** What connecting takes in all loops together. */
  connectLoad: () => number;
}

/** One loop: starts now and goes on until it is stopped. */
function startLoop(
  dependency: DependencyConfig,
  options: RunChecksOptions,
  { firstTiming, onTurn, keptApart, connectLoad }: Beginning,
): Loop {
  const random = options.random ?? Math.random;
  const remembered = { addressOrder: createAddressOrder(), lineBreaks: createLineBreaks() };
  let timing = firstTiming;
  let stopped = false;
  let startedAt = 0;
  /** What the last handshake and the last check's connecting took, in milliseconds of CPU. */
  let handshakeCost = 0;
  let lastConnectCost = 0;
  /** The greater of the last two checks': the names of one that has failed are looked up by the one after it. */
  let connectCost = 0;
  let nextAt = 0;
  let next: NodeJS.Timeout | undefined;
  let inFlight: StartedCheck | undefined;
  /** Its turn came while a check was in flight that still has time: the next one begins when that one has ended. */
  let isDue = false;
  /**
   * The last check failed while the program stood still, and is made once more as soon as it has ended. That one has a
   * result, whatever comes of it: the CPU may be short for good.
   */
  let isRepeated = false;

  const isKeptApart = () => Math.max(handshakeCost, connectCost) >= KEPT_APART_MILLISECONDS;
  const ownLoad = () =>
    options.mayWait(dependency.name) ? (1_000 * connectCost) / timing.intervalMilliseconds : 0;
  const interval = () =>
    pacedInterval(timing.intervalMilliseconds, { own: ownLoad(), all: connectLoad() });

  function report(result: CheckResult, since: number): void {
    isRepeated = false;
    if (!stopped) options.onResult(dependency, result, performance.now() - since);
  }

  /**
   * Whether a failure says nothing of the server. Only where the result alone would decide on the pod: any other is one
   * of those that failureThreshold counts, and without it the last good result would soon be too old.
   */
  const mayRepeat = ({ ok }: CheckResult, deadline: number) =>
    !ok &&
    !isRepeated &&
    performance.now() > deadline + STOOD_STILL_MILLISECONDS &&
    options.decidesNext(dependency.name);

  function runOnce(): void {
    const since = performance.now();
    const deadline = since + timing.checkTimeoutMilliseconds;
    const sources = { ...options, timing, ...remembered };
    inFlight = startCheck(dependency, sources, {
      onResult: (result) => {
        if (mayRepeat(result, deadline)) isRepeated = true;
        else report(result, since);
      },
      onOverdue: () => {
        if (isDue) skipTurn();
      },
      onHandshake: (cpuMilliseconds) => {
        handshakeCost = cpuMilliseconds;
      },
      onEnd: (connectMilliseconds) => {
        inFlight = undefined;
        connectCost = Math.max(connectMilliseconds, lastConnectCost);
        lastConnectCost = connectMilliseconds;
        if (isDue || (isRepeated && !stopped)) takeTurn();
        // Its turn was chosen by the check before it, which may have failed.
        else if (!stopped && nextAt > startedAt + interval()) schedule();
      },
    });
  }

  /** The check in flight has failed just now, and has not ended: it counts again at the next turn, and not before. */
  function skipTurn(): void {
    isDue = false;
    startedAt = performance.now();
    schedule();
  }

  function start(): void {
    isDue = false;
    startedAt = performance.now();
    schedule();
    // A check that outlives its deadline is not joined by a second one: sockets would pile up on a
    // server that is in trouble already. Its dependency counts as failed all the same.
    if (inFlight) report({ ok: false, reason: "CheckTimeout" }, startedAt);
    else runOnce();
  }

  /** Any moment that keeps the promised time: drawn, or as far from others as it can be. */
  function chooseNext(): number {
    const intervalMilliseconds = interval();
    const latest = startedAt + intervalMilliseconds;
    const earliest = startedAt + SHORTEST_WAIT * intervalMilliseconds;
    const others = isKeptApart() ? keptApart() : [];
    if (others.length === 0) return earliest + (latest - earliest) * random();
    // By then those that come first will have begun once more.
    const again = others.map((at) => at + ((1 + SHORTEST_WAIT) / 2) * intervalMilliseconds);
    return farthestMoment({ earliest, latest }, [...others, ...again]);
  }

  function schedule(): void {
    // Its own last one is none of the others.
    nextAt = 0;
    nextAt = chooseNext();
    clearTimeout(next);
    next = setTimeout(takeTurn, Math.max(0, nextAt - performance.now()));
  }

  /** A check that takes most of the interval has not failed yet: where turns did not wait for it, it counted twice. */
  const hasTime = () => inFlight?.hasTime() === true;

  function takeTurn(): void {
    if (hasTime()) {
      isDue = true;
      return;
    }
    start();
    onTurn(isKeptApart());
  }

  start();
  return {
    content: contentOf(dependency),
    timing: () => timing,
    retime(newTiming) {
      // Where the program stood still, the last result is too old and only the check that is due now brings the next:
      // were it put off by the new interval, a pod whose servers are well would be unready for all of it.
      const wasDue = performance.now() >= nextAt;
      timing = newTiming;
      if (!wasDue) schedule();
      else if (hasTime()) isDue = true;
      else start();
    },
    keptApartAt: () => (isKeptApart() && nextAt > 0 ? nextAt : undefined),
    connectLoad: ownLoad,
    startIfDue() {
      if (isKeptApart() || hasTime()) return;
      const waited = performance.now() - startedAt;
      if (waited >= SHORTEST_WAIT * interval()) start();
    },
    stop() {
      stopped = true;
      isDue = false;
      clearTimeout(next);
      inFlight?.stop();
    },
  };
}

/** Starts with no loops; `apply` starts them. */
export function runChecks(options: RunChecksOptions): CheckRunner {
  const loops = new Map<string, Loop>();

  /**
   * Loops that began together stay together, in spite of their different draws: every time that an idle
   * program wakes up for one check alone, it finds the CPU's caches cold.
   */
  function onTurn(alone: boolean): void {
    if (!alone) for (const loop of loops.values()) loop.startIfDue();
    options.onTurn?.();
  }

  const connectLoad = () => [...loops.values()].reduce((sum, loop) => sum + loop.connectLoad(), 0);

  /** Costly handshakes at one time hold up probes and other checks; at different times they do not. */
  const keptApart = () => [...loops.values()].flatMap((loop) => loop.keptApartAt() ?? []);

  function stopWhere(ends: (name: string, loop: Loop) => boolean): void {
    for (const [name, loop] of loops) {
      if (!ends(name, loop)) continue;
      loop.stop();
      loops.delete(name);
    }
  }

  const stop = () => stopWhere(() => true);

  return {
    apply(config) {
      if (config === undefined) return stop();
      const { dependencies, timing } = config;
      const wanted = new Map(
        dependencies.map((dependency) => [dependency.name, contentOf(dependency)]),
      );
      stopWhere(
        (name, loop) => wanted.get(name) !== loop.content || shortened(loop.timing(), timing),
      );
      const beginning = { firstTiming: timing, onTurn, keptApart, connectLoad };
      for (const dependency of dependencies) {
        const loop = loops.get(dependency.name);
        if (loop) loop.retime(timing);
        else loops.set(dependency.name, startLoop(dependency, options, beginning));
      }
    },
    stop,
  };
}
