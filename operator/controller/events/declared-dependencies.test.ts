import { expect, test } from "@jest/globals";
import type { DependencyConfig, Impact } from "../../api/policy-file.ts";
import { mayHaveLetGo } from "./declared-dependencies.ts";

const at = (impact: Impact, host = "db"): DependencyConfig => ({
  name: "orders-db",
  type: "tcp",
  impact,
  tcp: { host, port: 5432 },
});

test.each<[Impact, Impact, boolean]>([
  ["Gate", "Gate", false],
  ["Gate", "Startup", true],
  ["Gate", "Observe", true],
  ["Startup", "Gate", false],
  ["Startup", "Startup", false],
  ["Startup", "Observe", true],
])("an edit from %s to %s may let pods go: %s", (before, now, expected) => {
  expect(mayHaveLetGo(at(before), at(now))).toBe(expected);
});

test.each<Impact>(["Gate", "Startup"])(
  "one that takes out a dependency with %s, or names another server, may let pods go",
  (impact) => {
    expect(mayHaveLetGo(at(impact), undefined)).toBe(true);
    expect(mayHaveLetGo(at(impact), at(impact, "another-db"))).toBe(true);
    expect(mayHaveLetGo(at(impact), at("Gate", "another-db"))).toBe(true);
  },
);

test("fields in another order are no edit", () => {
  const reordered = { ...at("Gate"), tcp: { port: 5432, host: "db" } };
  expect(mayHaveLetGo(at("Gate"), reordered)).toBe(false);
});
