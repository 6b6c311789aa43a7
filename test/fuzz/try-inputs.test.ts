import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Property, tryInputs } from "./try-inputs.ts";

/** A property that no number from 100 on has. */
const small: Property<number> = {
  what: "numbers are small",
  input: fc.nat(10_000),
  holds: (number) => {
    if (number >= 100) throw new Error(`${number} is not small`);
  },
  testPath: import.meta.filename,
};

const failureOf = (parameters: Parameters<typeof tryInputs>[1]) =>
  tryInputs(small, parameters).then(
    () => new Error("it held"),
    (error: Error) => error,
  );

test("resolves with the number of inputs where the property holds", async () => {
  const always = { ...small, holds: () => undefined };
  expect(await tryInputs(always, { seed: 1, numRuns: 7 })).toBe(7);
});

test("that there was no time for any input is no failure of the property", async () => {
  const slow = { ...small, holds: () => sleep(200) };
  expect(await tryInputs(slow, { seed: 1, numRuns: 7, interruptAfterTimeLimit: 1 })).toBe(0);
});

test("says which input failed, made small, and why, and the command that repeats it does so", async () => {
  const { message, cause } = await failureOf({ seed: 1, numRuns: 100 });
  expect(message).toContain("Counterexample: [100]");
  expect(cause).toStrictEqual(new Error("100 is not small"));
  const command =
    /^Repeat it: FUZZ_SEED=(\d+) FUZZ_PATH=([\d:]+) make fuzz FILE=test\/fuzz\/try-inputs\.test\.ts NAME="numbers are small"$/m;
  const [, seed, path = ""] = command.exec(message) ?? [];
  const again = await failureOf({ seed: Number(seed), path });
  expect(again.message).toContain("Counterexample: [100]");
});

test("the same seed gives the same inputs", async () => {
  const inputsOf = async (seed: number) => {
    const inputs: number[] = [];
    const holds = (number: number) => {
      inputs.push(number);
    };
    await tryInputs({ ...small, holds }, { seed, numRuns: 20 });
    return inputs;
  };
  expect(await inputsOf(1)).toStrictEqual(await inputsOf(1));
  expect(await inputsOf(1)).not.toStrictEqual(await inputsOf(2));
});
