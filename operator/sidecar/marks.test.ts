import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MARKS_FILE, openMarks, parseMarks } from "./marks.ts";

let directory: string;
let lines: string[];
let fields: unknown[];
const log = (_: string, message: string, more?: object) => {
  lines.push(message);
  fields.push(more);
};
const open = (now: number, path = directory) => openMarks(path, { now, log });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "marks-"));
  lines = [];
  fields = [];
});
afterEach(() => rm(directory, { recursive: true }));

describe("marks", () => {
  test("outlive the program that set them", async () => {
    const first = open(1_000);
    first.update({ policySeen: true, firstReady: true, firstPassed: true });
    const timeouts = { connectTimeoutMilliseconds: 30, checkTimeoutMilliseconds: 100 };
    first.update({
      settled: { db: { content: "content", target: "there" } },
      timeouts,
      mode: "DryRun",
    });

    const second = open(9_000);
    expect(second.current()).toStrictEqual({
      podStartedAt: 1_000,
      policySeen: true,
      firstReady: true,
      firstPassed: true,
      settled: { db: { content: "content", target: "there" } },
      timeouts,
      mode: "DryRun",
    });
    expect(lines).toStrictEqual([]);
  });

  test("the pod's start is kept even when nothing else ever happens", async () => {
    expect(open(1_000).current()).toStrictEqual({
      podStartedAt: 1_000,
      policySeen: false,
      firstReady: false,
      firstPassed: false,
      settled: {},
    });
    expect(open(9_000).current().podStartedAt).toBe(1_000);
  });

  test("take the place of the old ones as a whole: nothing is ever written into those", async () => {
    const marks = open(1);
    const old = await openFile(join(directory, MARKS_FILE));
    marks.update({ firstReady: true });
    expect(JSON.parse(await old.readFile("utf8"))).toMatchObject({ firstReady: false });
    await old.close();
  });

  test("leave one file, so that no half-written one is ever read", async () => {
    open(1).update({ firstReady: true });
    expect(await readdir(directory)).toStrictEqual([MARKS_FILE]);
    expect(JSON.parse(await readFile(join(directory, MARKS_FILE), "utf8")).firstReady).toBe(true);
  });

  test.each(["", "{", '{"firstReady":', "\0\0"])(
    "broken text %j costs one line and starts anew",
    async (text) => {
      await writeFile(join(directory, MARKS_FILE), text);
      const marks = open(5);
      expect(marks.current()).toMatchObject({ podStartedAt: 5, firstReady: false });
      expect(lines).toStrictEqual(["marks cannot be read"]);
      expect(fields).toStrictEqual([{ code: "not JSON" }]);
    },
  );

  test("a directory that cannot be written costs one line; the marks go on in memory", async () => {
    const marks = open(5, join(directory, "absent"));
    marks.update({ firstReady: true });
    marks.update({ policySeen: true });
    expect(marks.current()).toMatchObject({ firstReady: true, policySeen: true });
    expect(lines).toStrictEqual(["marks cannot be written"]);
    expect(fields).toStrictEqual([{ code: "ENOENT" }]);
  });

  test("each time that they cannot be written any more costs a line", async () => {
    const path = join(directory, "comes-and-goes");
    const marks = open(5, path);
    await mkdir(path);
    marks.update({ firstReady: true });
    await rm(path, { recursive: true });
    marks.update({ policySeen: true });
    expect(lines).toStrictEqual(["marks cannot be written", "marks cannot be written"]);
  });

  test("a file of unreasonable size is not read", async () => {
    await writeFile(join(directory, MARKS_FILE), `{"firstReady":true}${" ".repeat(600_000)}`);
    expect(open(5).current().firstReady).toBe(false);
    expect(lines).toStrictEqual(["marks cannot be read"]);
  });

  test("a folder in place of the file does not crash it", async () => {
    await mkdir(join(directory, MARKS_FILE));
    const marks = open(5);
    marks.update({ firstReady: true });
    expect(marks.current().firstReady).toBe(true);
    expect(lines).toStrictEqual(["marks cannot be read", "marks cannot be written"]);
  });
});

describe("parseMarks", () => {
  const fresh = {
    podStartedAt: 10,
    policySeen: false,
    firstReady: false,
    firstPassed: false,
    settled: {},
  };

  test.each([
    "null",
    "[]",
    "1",
    '{"podStartedAt":"x","firstReady":1,"firstPassed":1,"settled":7,"timeouts":7,"mode":"Maybe"}',
    '{"timeouts":{"connectTimeoutMilliseconds":3}}',
    '{"timeouts":{"connectTimeoutMilliseconds":3,"checkTimeoutMilliseconds":"4"}}',
    '{"timeouts":{"connectTimeoutMilliseconds":"3","checkTimeoutMilliseconds":4}}',
    '{"timeouts":null,"settled":null}',
  ])("%s", (text) => {
    expect(parseMarks(text, 10)).toEqual(fresh);
  });

  test("a start in the future, after the clock was set back, counts as now", () => {
    expect(parseMarks('{"podStartedAt":99}', 10).podStartedAt).toBe(10);
  });

  test("settled marks that are none are dropped", () => {
    const settled = { a: { content: "x" }, b: { content: "x", target: "there" } };
    const broken = { c: { content: 3 }, d: { content: "x", target: 3 }, e: "x", f: null, g: {} };
    const text = JSON.stringify({ settled: { ...settled, ...broken } });
    expect(parseMarks(text, 10).settled).toStrictEqual(settled);
  });
});
