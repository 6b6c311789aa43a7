import { expect, test } from "@jest/globals";
import { readLines } from "./read-lines.ts";

async function* stream(...chunks: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}

async function collect(chunks: (string | Buffer)[], maxBytes = 100): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(stream(...chunks), maxBytes)) lines.push(line);
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
