/**
 * What nests without end is refused before it is parsed: comparing it would exhaust the stack, and end the operator.
 */
import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
import { admit } from "./admit.ts";
import { setUp } from "./testing/admission.ts";
import { reviewOf } from "./testing/client.ts";

// Selects every pod, so that injection would be reached.
const { options } = setUp({ policies: () => [testPolicy({ selector: {} })] });

describe("nesting without end", () => {
  const DEPTH = 200_000;
  const nest = (open: string, close: string) => `${open.repeat(DEPTH)}1${close.repeat(DEPTH)}`;
  const around = (place: string, deep: string) =>
    JSON.stringify(reviewOf({ metadata: {}, spec: { containers: [{ name: "app" }] } })).replace(
      place,
      `"deep":${deep},${place}`,
    );

  test.each([
    ["of lists beside the review", around('"apiVersion"', nest("[", "]"))],
    ["of lists in the pod", around('"metadata"', nest("[", "]"))],
    ["of objects in the pod's spec", around('"containers"', nest('{"a":', "}"))],
    ["of lists in a container", around('"name":"app"', nest("[", "]"))],
  ])("%s is refused", (_, text) => {
    const { status, body } = admit(text, options);
    expect(status).toBe(400);
    expect(JSON.parse(body).reason).toBe("TooComplex");
  });
});
