import { expect, test } from "@jest/globals";
import { ApiError } from "./api-error.ts";

const answered = (answer: unknown) =>
  new ApiError("patching", { code: 422, body: JSON.stringify(answer) });

test("the fields that a Status names as the cause", () => {
  const causes = [
    { reason: "FieldValueInvalid", message: "words", field: "metadata.uid" },
    { message: "a policy's words, which may name metadata.name" },
  ];
  const error = answered({ reason: "Invalid", message: "words", details: { causes } });
  expect(error).toMatchObject({ code: 422, reason: "Invalid", fields: ["metadata.uid"] });
});

test.each<[string, unknown]>([
  ["no details", { reason: "Invalid" }],
  ["details of another form", { details: "metadata.uid" }],
  ["causes of another form", { details: { causes: { field: "metadata.uid" } } }],
  ["strange causes", { details: { causes: [null, 1, { field: 2 }] } }],
  ["nothing", null],
  ["a proxy's page", "<html>"],
])("%s names none", (_what, answer) => {
  expect(answered(answer).fields).toStrictEqual([]);
});
