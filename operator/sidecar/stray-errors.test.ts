import { EventEmitter } from "node:events";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { LogFields } from "./log.ts";
import { surviveStrayErrors } from "./stray-errors.ts";

class FakeProcess extends EventEmitter {
  exit = jest.fn<(code: number) => void>();
}

let source: FakeProcess;
let lines: (LogFields | undefined)[];

beforeEach(() => {
  source = new FakeProcess();
  lines = [];
  surviveStrayErrors(source, (_, __, fields) => lines.push(fields));
});

test("a late error is logged by name, code and place, without its text, and survived", () => {
  const error = Object.assign(new Error("connect postgresql://a:hunter2@db"), {
    code: "ECONNRESET",
  });
  source.emit("uncaughtException", error);
  source.emit("unhandledRejection", error);
  expect(source.exit).not.toHaveBeenCalled();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({ name: "Error", code: "ECONNRESET" });
  expect(lines[0]?.at).toContain("stray-errors.test.ts");
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

test.each([undefined, null, "text with a password", 7])(
  "%j is survived and not quoted",
  (thrown) => {
    source.emit("unhandledRejection", thrown);
    expect(lines).toStrictEqual([{ name: undefined, code: undefined, at: undefined }]);
  },
);

test("a loop of errors ends the program", () => {
  for (let error = 0; error < 20; error += 1) source.emit("uncaughtException", new Error("x"));
  expect(source.exit).not.toHaveBeenCalled();
  source.emit("uncaughtException", new Error("x"));
  expect(source.exit).toHaveBeenCalledWith(1);
});
