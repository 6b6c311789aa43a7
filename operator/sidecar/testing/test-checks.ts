/** Test fixture: running checks, with the check itself, its draws and its results in the test's hands. */
import { jest } from "@jest/globals";
import type { DependencyConfig, PolicyFile } from "../../api/policy-file.ts";
import { TIMING } from "../../api/testing/timing.ts";
import type { Check, CheckContext } from "../checks/check.ts";
import { type CheckRunner, runChecks } from "../run-checks.ts";
import type { CheckResult } from "../verdict.ts";

/** A dependency of the type `memcached`, whose slot is not looked at by the check of the test. */
export const dependency = (name: string, host = name): DependencyConfig => ({
  name,
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host, port: 1 }], minAvailable: 1 },
});

/** A policy with these dependencies. */
export const config = (dependencies: DependencyConfig[], timing = TIMING): PolicyFile => ({
  policy: "web",
  generation: 1,
  mode: "Enforce",
  timing,
  dependencies,
});

/** Settles as a check should: never by itself, but as soon as the signal fires. */
export const untilSignal: Check["run"] = (_, { signal }) =>
  new Promise((__, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

/** Settles by nothing: a check that outlives its deadline. */
export const never: Check["run"] = () => new Promise(() => {});

/** Lets time pass, and everything that waits for it. */
export const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

/** A start of a check. */
interface Started {
  name: string;
  host: string | undefined;
  at: number;
  context: CheckContext;
}

/** Running checks. A test sets `run`, `draw`, `draws`, `mayWait`, `decidesNext` and `onTurn`. */
export interface TestChecks {
  runner: CheckRunner;
  run: Check["run"];
  /** Draws that come first. */
  draws: number[];
  /** The draw when there is none of those. */
  draw: number;
  /** Whether a dependency's next check may come later: as it is set at first, where the last one failed. */
  mayWait: (name: string) => boolean;
  decidesNext: (name: string) => boolean;
  onTurn: () => void;
  started: Started[];
  /** Dependency, result and milliseconds of each. */
  results: [string, CheckResult, number][];
  /** When checks were started. */
  starts(): number[];
  /** When those of one dependency were. */
  startsOf(name: string): number[];
  /** `ok`, or why not, of each result. */
  reasons(): string[];
}

/** No check runs yet; `runner.apply` starts them. Under Jest's timers. */
export function createTestChecks(): TestChecks {
  const state = {
    run: (async () => ({})) as Check["run"],
    draws: [] as number[],
    draw: 1,
    mayWait: (name: string) => state.results.findLast(([of]) => of === name)?.[1].ok === false,
    decidesNext: (_name: string) => false,
    onTurn: () => {},
    started: [] as Started[],
    results: [] as TestChecks["results"],
  };
  const check: Check = {
    type: "memcached",
    run(target, context) {
      const host = target.memcached?.servers[0]?.host;
      state.started.push({ name: target.name, host, at: Date.now(), context });
      return state.run(target, context);
    },
  };
  const runner = runChecks({
    loadCheck: async (type) => (type === check.type ? check : undefined),
    readSecretKey: async () => "",
    onResult: ({ name }, result, milliseconds) => state.results.push([name, result, milliseconds]),
    mayWait: (name) => state.mayWait(name),
    decidesNext: (name) => state.decidesNext(name),
    onTurn: () => state.onTurn(),
    random: () => state.draws.shift() ?? state.draw,
  });
  return Object.assign(state, {
    runner,
    starts: () => state.started.map(({ at }) => at),
    startsOf: (of: string) => state.started.filter(({ name }) => name === of).map(({ at }) => at),
    reasons: () => state.results.map(([, result]) => (result.ok ? "ok" : result.reason)),
  });
}
