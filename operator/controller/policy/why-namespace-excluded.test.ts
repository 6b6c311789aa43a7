import { expect, test } from "@jest/globals";
import { whyNamespaceExcluded } from "./why-namespace-excluded.ts";

test.each([
  [false, false, undefined],
  [false, true, 'Namespace shop has the label healthpolicy.dev/inject: "false".'],
  [true, false, "Pods of namespace shop are never injected."],
  [true, true, "Pods of namespace shop are never injected."],
])("excluded: %s, opted out: %s", (excluded, optedOut, expected) => {
  expect(whyNamespaceExcluded("shop", { excluded, optedOut })).toBe(expected);
});
