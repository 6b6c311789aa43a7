/** How many questions are open at once, and how they end. */
import { expect, test } from "@jest/globals";
import { createQuestions, MOST_QUESTIONS } from "./questions.ts";

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
  const questions = createQuestions();
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
  const questions = createQuestions();
  const asked = Array.from({ length: MOST_QUESTIONS + 5 }, (_, index) =>
    questions.ask(`ns-${index}`, openQuestion().question),
  );
  expect(asked.filter(Boolean)).toHaveLength(MOST_QUESTIONS);
});

test("what is open when the leader stops is ended and has no answer, and nothing more is asked", async () => {
  const questions = createQuestions();
  const one = openQuestion();
  questions.ask("shop", one.question);
  await questions.stop();
  expect(one.answers).toEqual([]);
  expect(questions.ask("shop", openQuestion().question)).toBe(false);
});
