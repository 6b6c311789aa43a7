import { expect, test } from "@jest/globals";
import { type InstallationCheck, runInstallationChecks } from "./run-installation-checks.ts";

const TIMES = { patience: 40, pause: 5 };

function check(name: string, run: InstallationCheck["run"]): InstallationCheck {
  return { name, run, see: "docs/troubleshooting.md#x" };
}

test("a line for each, what is wrong and where to look, and the rest is run all the same", async () => {
  const lines: string[] = [];
  let asked = 0;
  const checks = [
    check("one is so", () => Promise.resolve("with a detail")),
    check("two is so", () => Promise.reject(new Error("Two is not so."))),
    check("three is so in the end", () => {
      asked += 1;
      return asked < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve("");
    }),
  ];
  expect(await runInstallationChecks(checks, (line) => lines.push(line), TIMES)).toBe(false);
  expect(lines).toStrictEqual([
    "√ one is so (with a detail)",
    "× two is so",
    "    Two is not so.",
    "    see docs/troubleshooting.md#x",
    "√ three is so in the end",
    "1 of 3 checks failed.",
  ]);
  expect(asked).toBe(3);
});

test("all succeeded", async () => {
  const lines: string[] = [];
  const checks = [check("one is so", () => Promise.resolve(""))];
  expect(await runInstallationChecks(checks, (line) => lines.push(line), TIMES)).toBe(true);
  expect(lines).toStrictEqual(["√ one is so", "All checks succeeded."]);
});
