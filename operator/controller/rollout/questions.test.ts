/** How many questions are open at once, and how they end. */
import { beforeEach, expect, test } from "@jest/globals";
import { createQuestions, FAILED, MOST_QUESTIONS } from "./questions.ts";

let logged: { namespace: string; err: Error }[];
const log = { error: (fields: unknown) => logged.push(fields as (typeof logged)[number]) };
beforeEach(() => {
  logged = [];
});
const newQuestions = () => createQuestions(log as never);

/** A question that is open until it is answered or its signal fires. */
function openQuestion() {
  const answers: (string | undefined)[] = [];
  let answer: (objection: string | undefined) => void = () => {};
  return {
    answers,
    answer: (objection: string | undefined) => answer(objection),
    question: {
      ask: (signal: AbortSignal) =>
        new Promise<string | undefined>((resolve) => {
          answer = resolve;
          signal.addEventListener("abort", () => resolve("ended"));
        }),
      onAnswer: (objection: string | undefined) => answers.push(objection),
    },
  };
}

test("one of a namespace at a time, and the next one after its answer", async () => {
  const questions = newQuestions();
  const first = openQuestion();
  const second = openQuestion();
  expect(questions.ask("shop", first.question)).toBe(true);
  expect(questions.ask("shop", second.question)).toBe(false);
  expect(questions.ask("other", openQuestion().question)).toBe(true);
  first.answer("no");
  await new Promise(setImmediate);
  expect(first.answers).toEqual(["no"]);
  expect(questions.ask("shop", second.question)).toBe(true);
});

test("so many at once and no more", () => {
  const questions = newQuestions();
  const asked = Array.from({ length: MOST_QUESTIONS + 5 }, (_, index) =>
    questions.ask(`ns-${index}`, openQuestion().question),
  );
  expect(asked.filter(Boolean)).toHaveLength(MOST_QUESTIONS);
});

test.each<[string, () => Promise<undefined>]>([
  ["rejects", () => Promise.reject(new Error("no"))],
  [
    "throws at once",
    () => {
      throw new Error("no");
    },
  ],
])("a question that %s is no answer, and the next one is asked", async (_, ask) => {
  const questions = newQuestions();
  const answers: (string | undefined)[] = [];
  const question = { ask, onAnswer: (objection: string | undefined) => answers.push(objection) };
  for (const times of [1, 2]) {
    expect(questions.ask("shop", question)).toBe(true);
    await new Promise(setImmediate);
    expect(answers).toEqual(Array(times).fill(FAILED));
  }
  expect(logged.map(({ namespace, err }) => `${namespace}: ${err.message}`)).toEqual(
    Array(2).fill("shop: no"),
  );
  // With its stack once, not every ten seconds.
  expect(logged.map(({ err }) => err instanceof Error)).toEqual([true, false]);
  await questions.stop();
});

test("an answer that cannot be taken in ends nothing either", async () => {
  const questions = newQuestions();
  const question = {
    ask: async () => undefined,
    onAnswer: () => {
      throw new Error("full");
    },
  };
  expect(questions.ask("shop", question)).toBe(true);
  await new Promise(setImmediate);
  expect(logged).toMatchObject([{ namespace: "shop", err: { message: "full" } }]);
  expect(questions.ask("shop", openQuestion().question)).toBe(true);
  await questions.stop();
});

test("what is open when the leader stops is ended and has no answer, and nothing more is asked", async () => {
  const questions = newQuestions();
  const one = openQuestion();
  questions.ask("shop", one.question);
  await questions.stop();
  expect(one.answers).toEqual([]);
  expect(questions.ask("shop", openQuestion().question)).toBe(false);
});
