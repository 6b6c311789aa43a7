/** A dependency that comes and goes, from the check to what the kubelet is answered and what is logged. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { CheckError } from "./checks/check.ts";
import { readyAnswer } from "./probe-server/answers.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import { type CheckRunner, runChecks } from "./run-checks.ts";
import { database, marksInMemory, policy } from "./testing/test-pod.ts";

const INTERVAL = 1_000;
/** More than a kubelet, a mesh and a scraper ask in one interval. */
const PROBES = 50;
const config = policy([database()], {
  timing: {
    connectTimeoutMilliseconds: 30,
    checkTimeoutMilliseconds: 100,
    intervalMilliseconds: INTERVAL,
    failureThreshold: 2,
    successThreshold: 1,
  },
});

let up: boolean;
let checks: number;
let lines: string[];
let readiness: Readiness;
let runner: CheckRunner;

/** Lets one interval pass with the dependency up or down, and gives what every one of many probes is answered. */
async function interval(isUp: boolean): Promise<number> {
  up = isUp;
  await jest.advanceTimersByTimeAsync(INTERVAL);
  readiness.refresh();
  const answers = Array.from({ length: PROBES }, () => readyAnswer(readiness.view()).status);
  expect(new Set(answers).size).toBe(1);
  return answers[0] ?? 0;
}

beforeEach(async () => {
  jest.useFakeTimers();
  up = true;
  checks = 0;
  lines = [];
  readiness = createReadiness({
    marks: marksInMemory(),
    supportedTypes: ["postgresql"],
    log: (_, message) => lines.push(message),
  });
  runner = runChecks({
    loadCheck: async (type) => ({
      type,
      async run() {
        checks += 1;
        if (!up) throw new CheckError("ConnectionRefused");
        return {};
      },
    }),
    readSecretKey: async () => "",
    onResult: ({ name }, result, milliseconds) => readiness.record(name, result, milliseconds),
    mayWait: readiness.mayWait,
    decidesNext: readiness.decidesNext,
    random: () => 1,
  });
  readiness.apply(config);
  runner.apply(config);
  await jest.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  runner.stop();
  jest.useRealTimers();
});

const STARTED = ["policy in force", "pod not ready", "dependency up", "pod ready"];

test("one that flips every interval does not flip the pod, logs nothing, and is asked once per interval", async () => {
  const answers: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    answers.push(await interval(false), await interval(true));
  }
  expect(answers).toStrictEqual(new Array(40).fill(200));
  expect(lines).toStrictEqual(STARTED);
  expect(checks).toBe(1 + 40);
});

test("one that stays away for two intervals takes the pod with it, and each transition is logged once", async () => {
  const answers: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    answers.push(await interval(false), await interval(false), await interval(true));
  }
  expect(answers).toStrictEqual(new Array(5).fill([200, 503, 200]).flat());
  const transitions = ["dependency down", "pod not ready", "dependency up", "pod ready"];
  expect(lines).toStrictEqual([...STARTED, ...new Array(5).fill(transitions).flat()]);
});
