import { expect, test } from "@jest/globals";
import type { DependencyConfig } from "../api/policy-file.ts";
import { mountedKeys } from "./mounted-keys.ts";

function database(secretName: string, key: string): DependencyConfig {
  const postgresql = { connectionString: { secretName, key }, query: "SELECT 1" };
  return { name: `${secretName}-${key}`, type: "postgresql", impact: "Gate", postgresql };
}

test("each key once, by Secret and then by key, in whatever order the dependencies stand", () => {
  const dependencies = [
    ["b", "1"],
    ["a", "1"],
    ["a", "2"],
    ["a", "1"],
  ].map(([secretName = "", key = ""]) => database(secretName, key));
  const sorted = [
    { secretName: "a", key: "1" },
    { secretName: "a", key: "2" },
    { secretName: "b", key: "1" },
  ];
  expect(mountedKeys(dependencies)).toStrictEqual(sorted);
  expect(mountedKeys(dependencies.toReversed())).toStrictEqual(sorted);
});
