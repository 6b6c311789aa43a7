import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

test.each([
  ["octocat", "octocat"],
  ["Octo-Cat-2", "octo-cat-2"],
])("images of %s are under %s: registries take no capital letters", (owner, path) => {
  const said = execFileSync(join(import.meta.dirname, "registry.sh"), [owner], {
    encoding: "utf8",
    timeout: 10_000,
  });
  expect(said).toBe(`REGISTRY=ghcr.io/${path}\n`);
});
