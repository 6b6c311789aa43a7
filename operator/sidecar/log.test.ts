import { expect, test } from "@jest/globals";
import { createLog } from "./log.ts";

test("a line is one JSON object with level, time, message and fields", () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line))("warn", 'line\n"two"', { reason: "HostNotFound", n: 1 });

  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  expect(rest).toStrictEqual({ level: "warn", msg: 'line\n"two"', reason: "HostNotFound", n: 1 });
  expect(new Date(time).toISOString()).toBe(time);
});
