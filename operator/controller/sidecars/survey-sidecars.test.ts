import { afterEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { until } from "../kube/testing/fake-api-server.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import type { SidecarAddress } from "./ask-sidecar.ts";
import type { AskablePod } from "./sidecar-reports.ts";
import { createSurvey, MOST_IN_FLIGHT, type Survey } from "./survey-sidecars.ts";

const WEB = { namespace: "shop", name: "web" };
const UP = '{"policy":"web","dependencies":[]}';

/** A pod whose address ends in this number. */
function pod(number: number, name = `web-${number}`): AskablePod {
  const sidecar = { policy: "web", revision: "r", ready: false, port: 19_847 };
  return podOf({ name, ip: `10.0.0.${number}`, sidecar }) as AskablePod;
}

const pods = (count: number) => Array.from({ length: count }, (_, index) => pod(index + 1));

interface Question {
  ip: string;
  answer: (text: string | undefined) => void;
}

let survey: Survey;
let asked: Question[];
afterEach(async () => {
  const stopped = survey.stop();
  for (const { answer } of asked) answer(undefined);
  await stopped;
});

/** A survey whose pods answer when the test says so. */
function open(againMilliseconds: number) {
  asked = [];
  const changed: string[] = [];
  survey = createSurvey({
    onChange: ({ name }) => changed.push(name),
    log: pino({ level: "silent" }),
    ask: ({ ip }: SidecarAddress) => new Promise((resolve) => asked.push({ ip, answer: resolve })),
    againMilliseconds,
  });
  const isAsked = (times: number) => until(`${times} questions`, () => asked.length >= times);
  return { changed, isAsked };
}

const NEVER_AGAIN = 60_000;
const soon = () => new Promise((resolve) => setTimeout(resolve, 30));

test("at most twenty questions are in flight, over all policies; an answer makes room for the next", async () => {
  const { isAsked } = open(NEVER_AGAIN);
  survey.follow(WEB, pods(15));
  survey.follow({ ...WEB, name: "other" }, pods(15));
  await isAsked(MOST_IN_FLIGHT);
  await soon();
  expect(asked).toHaveLength(MOST_IN_FLIGHT);
  asked[0]?.answer(UP);
  await isAsked(MOST_IN_FLIGHT + 1);
  await soon();
  expect(asked).toHaveLength(MOST_IN_FLIGHT + 1);
});

test("a namespace with one pod does not wait for all the pods of another one", async () => {
  const { isAsked } = open(NEVER_AGAIN);
  survey.follow(WEB, pods(100));
  survey.follow({ ...WEB, namespace: "bank" }, [pod(200)]);
  await isAsked(MOST_IN_FLIGHT);
  const before = asked.length;
  for (const { answer } of asked.slice(0, 2)) answer(undefined);
  await isAsked(before + 2);
  expect(asked.map(({ ip }) => ip)).toContain("10.0.0.200");
});

test("what a pod says is remembered, and told once", async () => {
  const { changed, isAsked } = open(5);
  survey.follow(WEB, [pod(1)]);
  expect(survey.outcome(WEB, pod(1))).toBeUndefined();
  const answers = [UP, UP, UP, undefined, undefined, "no answer", UP];
  for (const [index, answer] of answers.entries()) {
    await isAsked(index + 1);
    asked[index]?.answer(answer);
    await soon();
    const said = answer === UP ? { policy: "web", dependencies: [] } : undefined;
    expect(survey.outcome(WEB, pod(1))).toStrictEqual({ answer: said });
  }
  // UP, nothing, UP again.
  expect(changed).toStrictEqual(["web", "web", "web"]);
});

test("a sidecar that does not answer is asked again soon, then ever less often until it does", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "performance"] });
  try {
    open(30_000);
    survey.follow(WEB, [pod(1)]);
    const times: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      await jest.advanceTimersByTimeAsync(1_000);
      if (asked.length > times.length) {
        times.push(second);
        // Five times nothing, and an answer.
        asked.at(-1)?.answer(times.length < 6 ? undefined : UP);
      }
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] as number));
    expect(waits).toStrictEqual([5, 10, 20, 30, 30]);
  } finally {
    jest.useRealTimers();
  }
});

test("however often a policy is looked at, a pod is asked once until its time has come", async () => {
  const { isAsked } = open(NEVER_AGAIN);
  survey.follow(WEB, [pod(1)]);
  await isAsked(1);
  asked[0]?.answer(UP);
  await soon();
  for (const wanted of [[pod(1)], [], [pod(1)], [], [pod(1)]]) survey.follow(WEB, wanted);
  await soon();
  expect(asked).toHaveLength(1);
  // What it said before it was let go is forgotten.
  expect(survey.outcome(WEB, pod(1))).toBeUndefined();
});

test("a pod that is not wanted any more is not asked again, and its late answer is dropped", async () => {
  const { changed, isAsked } = open(5);
  survey.follow(WEB, [pod(1)]);
  await isAsked(1);
  survey.follow(WEB, []);
  asked[0]?.answer(UP);
  await soon();
  expect(asked).toHaveLength(1);
  expect(changed).toStrictEqual([]);
  expect(survey.outcome(WEB, pod(1))).toBeUndefined();
  // Forgotten altogether: the next time it is new.
  survey.follow(WEB, [pod(1)]);
  await isAsked(2);
});

test("the next pod of a name is another pod: asked at once, and not taken for the last", async () => {
  const { isAsked } = open(NEVER_AGAIN);
  survey.follow(WEB, [pod(1, "db-0")]);
  await isAsked(1);
  asked[0]?.answer(UP);
  await soon();
  survey.follow(WEB, [pod(2, "db-0")]);
  expect(survey.outcome(WEB, pod(2, "db-0"))).toBeUndefined();
  await isAsked(2);
  expect(asked[1]?.ip).toBe("10.0.0.2");
});
