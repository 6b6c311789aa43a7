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

test("texts without end, as of a webhook that quotes the object that it refuses, are cut", () => {
  const endless = "€".repeat(1_000_000);
  const causes = [
    { field: "metadata.uid" },
    { field: endless },
    ...Array(10_000).fill({ field: "spec" }),
  ];
  const error = answered({ reason: endless, message: endless, details: { causes } });
  expect(error.fields[0]).toBe("metadata.uid");
  // What a log prints of it.
  const { message, reason, fields } = error;
  expect(JSON.stringify({ message, reason, fields }).length).toBeLessThan(8 * 1024);
});
