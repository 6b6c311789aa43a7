import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import { createOneAtATime } from "./one-at-a-time.ts";
import { readLines } from "./read-lines.ts";

/** A second on a machine that does nothing else. */
jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const { signal } = new AbortController();
const alone = createOneAtATime();
const parse = (text: string) => text;

async function* stream(...chunks: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}

async function collect(chunks: (string | Buffer)[], maxBytes = 100): Promise<string[]> {
  const lines: string[] = [];
  const options = { parse, maxBytes, readOn: () => alone(signal) };
  for await (const line of readLines(stream(...chunks), options)) lines.push(line);
  return lines;
}

test("lines that span chunks, and chunks that hold several lines", async () => {
  expect(await collect(["on", "e\ntwo\nth", "ree\n"])).toEqual(["one", "two", "three"]);
});

test("a character that is cut between chunks stays whole", async () => {
  const bytes = Buffer.from("grün\n");
  expect(await collect([bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(["grün"]);
});

test("a line without end is refused when the limit is passed", async () => {
  await expect(collect(["x".repeat(60), "x".repeat(60)])).rejects.toThrow("longer than 100 bytes");
});

test("a line that is long and whole in one chunk is refused too", async () => {
  await expect(collect([`${"x".repeat(120)}\n`])).rejects.toThrow("longer than 100 bytes");
});

test("lines within the limit do not add up", async () => {
  const line = `${"x".repeat(90)}\n`;
  expect(await collect([line, line, line])).toHaveLength(3);
});

test("a stream that ends within a line is an error", async () => {
  await expect(collect(["one\ntw"])).rejects.toThrow("ended within a line");
});

test("of twenty long lines that come side by side one is read on at a time, and each comes whole", async () => {
  const oneAtATime = createOneAtATime();
  const piece = Buffer.alloc(64 * 1024, "<");
  let held = 0;
  let most = 0;
  async function* longLine(): AsyncGenerator<Buffer> {
    for (let bytes = 0; bytes < 9 * MIB; bytes += piece.length) {
      await nextTurn();
      held += piece.length;
      most = Math.max(most, held);
      yield piece;
    }
    yield Buffer.from("\n");
  }
  const lengths: number[] = [];
  const read = async () => {
    const options = { parse, maxBytes: 12 * MIB, readOn: () => oneAtATime(signal) };
    for await (const { length } of readLines(longLine(), options)) {
      held -= length;
      lengths.push(length);
    }
  };
  await Promise.all(Array.from({ length: 20 }, read));
  expect(lengths).toStrictEqual(Array.from({ length: 20 }, () => 9 * MIB));
  expect(most / MIB).toBeLessThan(40);
  // Else 20 lines of less than a MiB would wait for each other too.
  expect(most / MIB).toBeGreaterThan(20);
});

test.each<[string, string, string | undefined]>([
  ["ends too early", "", "the stream ended within a line"],
  ["is too long", "<".repeat(2 * MIB), `a line is longer than ${3 * MIB} bytes`],
  ["is whole, and kept", "\n", undefined],
])("the next line is read on after one that %s", async (_what, rest, error) => {
  const oneAtATime = createOneAtATime();
  const options = { parse, maxBytes: 3 * MIB, readOn: () => oneAtATime(signal) };
  const first = readLines(stream("<".repeat(2 * MIB), rest), options).next();
  const outcome = await first.then(
    () => undefined,
    ({ message }: Error) => message,
  );
  expect(outcome).toBe(error);
  const next = readLines(stream("<".repeat(2 * MIB), "\n"), options);
  expect((await next.next()).value).toHaveLength(2 * MIB);
});
