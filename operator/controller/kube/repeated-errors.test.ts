import { expect, test } from "@jest/globals";
import { createRepeatedErrors } from "./repeated-errors.ts";

test("the same error of the same thing gives its stack once, and again after a success", () => {
  const errors = createRepeatedErrors();
  const refused = new Error("refused");
  expect(errors.fields("a", refused).err).toBe(refused);
  expect(errors.fields("a", new Error("refused")).err).toStrictEqual({ message: "refused" });
  errors.forget("a");
  expect(errors.fields("a", refused).err).toBe(refused);
});

test("another error, or the same one of another thing, gives its own stack", () => {
  const errors = createRepeatedErrors();
  const [refused, late] = [new Error("refused"), new Error("late")];
  errors.fields("a", refused);
  expect(errors.fields("a", late).err).toBe(late);
  expect(errors.fields("b", late).err).toBe(late);
  expect(errors.fields("a", "late").err).toStrictEqual({ message: "late" });
});
