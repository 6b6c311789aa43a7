/** One check under its deadline, apart from the loop that repeats it. */
import type { DependencyConfig } from "../api/policy-file.ts";
import type { Timing } from "../api/timing.ts";
import { failureResult, successResult } from "./check-result.ts";
import { type Check, type CheckContext, CheckError, type CheckSuccess } from "./checks/check.ts";
import type { CheckResult } from "./verdict.ts";

/**
 * How long after its deadline a check may still say which of its parts were silent, in milliseconds. After
 * that it is CheckTimeout without a detail. No probe waits any longer for it: `firstResults()` ends after
 * checkTimeout.
 */
const LAST_WORDS_MILLISECONDS = 50;

/** Where checks and what they read come from. */
export interface CheckSources {
  /** The check of a type; undefined for a type that this version does not know. */
  loadCheck: (type: string) => Promise<Check | undefined>;
  readSecretKey: CheckContext["readSecretKey"];
}

/** What one check is started with: its times, and what the dependency's checks before it have met. */
export interface CheckStart
  extends CheckSources,
    Pick<CheckContext, "addressOrder" | "lineBreaks"> {
  timing: Timing;
}

/** What a check tells the loop that began it. None of them may throw. */
export interface CheckEvents {
  /** Its one result: how it ended, or CheckTimeout where it has not by its deadline. */
  onResult: (result: CheckResult) => void;
  /** After a CheckTimeout that was given before the check ended. */
  onOverdue: () => void;
  onHandshake: NonNullable<CheckContext["onHandshake"]>;
  /** The last of all: it has ended, and connecting took so much, in milliseconds of CPU. */
  onEnd: (connectMilliseconds: number) => void;
}

/** A check that is under way. */
export interface StartedCheck {
  /** Whether its deadline is still to come. */
  hasTime(): boolean;
  /** Ends it before its deadline. What it tells after that is of no dependency's state. */
  stop(): void;
}

type Watched = Pick<CheckContext, "signal" | "onConnect" | "onHandshake" | "onTarget">;

/** One attempt under `signal`: loads the check, runs it. Rejects with whatever went wrong. */
async function attempt(
  dependency: DependencyConfig,
  { timing, loadCheck, readSecretKey, addressOrder, lineBreaks }: CheckStart,
  watched: Watched,
): Promise<CheckSuccess> {
  // Loading its code for the first time uses up some of it.
  const end = performance.now() + timing.checkTimeoutMilliseconds;
  const check = await loadCheck(dependency.type);
  if (check === undefined) throw new CheckError("Unsupported");
  // The reader of the policy leaves out a slot that is broken.
  if (!Object.hasOwn(dependency, dependency.type)) throw new CheckError("Misconfigured");
  return check.run(dependency, {
    ...watched,
    connectTimeoutMilliseconds: timing.connectTimeoutMilliseconds,
    remainingMilliseconds: () => end - performance.now(),
    readSecretKey,
    addressOrder,
    lineBreaks,
  });
}

/** Starts a check of `dependency`, which has `timing.checkTimeoutMilliseconds` from now on. */
export function startCheck(
  dependency: DependencyConfig,
  sources: CheckStart,
  events: CheckEvents,
): StartedCheck {
  const controller = new AbortController();
  let target: string | undefined;
  let connectMilliseconds = 0;
  let isReported = false;
  let lastWords: NodeJS.Timeout | undefined;

  function report(result: CheckResult): void {
    if (isReported) return;
    isReported = true;
    events.onResult(target === undefined ? result : { ...result, target });
  }

  const deadline = setTimeout(() => {
    controller.abort(new CheckError("CheckTimeout"));
    lastWords = setTimeout(() => {
      report({ ok: false, reason: "CheckTimeout" });
      events.onOverdue();
    }, LAST_WORDS_MILLISECONDS);
  }, sources.timing.checkTimeoutMilliseconds);

  async function run(): Promise<void> {
    try {
      const success = await attempt(dependency, sources, {
        signal: controller.signal,
        onHandshake: events.onHandshake,
        onConnect: (cpuMilliseconds) => {
          connectMilliseconds += cpuMilliseconds;
        },
        onTarget: (told) => {
          target = told;
        },
      });
      report(successResult(success));
    } catch (error) {
      const result = failureResult(error, controller.signal.aborted);
      const said = sources.lineBreaks?.failed(result.reason);
      report(said === undefined ? result : { ...result, detail: said });
    } finally {
      clearTimeout(deadline);
      clearTimeout(lastWords);
      events.onEnd(connectMilliseconds);
    }
  }

  void run();
  return {
    hasTime: () => !controller.signal.aborted,
    stop: () => controller.abort(new CheckError("CheckTimeout")),
  };
}
