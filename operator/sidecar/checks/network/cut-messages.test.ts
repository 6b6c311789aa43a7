import { expect, test } from "@jest/globals";
import { cutMessages } from "./cut-messages.ts";

/** Of a message: two digits of its length, which count themselves. */
function lengthOf(bytes: Buffer): number {
  if (bytes.length > 0 && !/^[0-9]/.test(bytes.toString())) throw new Error("no digit");
  return bytes.length < 2 ? Number.POSITIVE_INFINITY : Number(bytes.toString("latin1", 0, 2));
}

function read(...chunks: string[]): string[] {
  const messages: string[] = [];
  const take = cutMessages(lengthOf, (message) => messages.push(message.toString()));
  for (const chunk of chunks) take(Buffer.from(chunk));
  return messages;
}

const TEXT = "05abc02" + "10defghijk" + "03l" + "04m";
const MESSAGES = ["05abc", "02", "10defghijk", "03l"];

test("messages at once, and one that has not ended", () => {
  expect(read(TEXT)).toEqual(MESSAGES);
});

test("byte by byte", () => {
  expect(read(...TEXT)).toEqual(MESSAGES);
});

test("cut anywhere, they are the same", () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    expect(read(TEXT.slice(0, cut), TEXT.slice(cut))).toEqual(MESSAGES);
  }
});

test("the first byte that begins no message is enough", () => {
  expect(() => read("03a", "x")).toThrow("no digit");
  expect(() => read("03", "ax")).toThrow("no digit");
});

test("a message is asked for its length when it begins and when it is whole, not between", () => {
  let asked = 0;
  const take = cutMessages(
    (bytes) => {
      asked += 1;
      return lengthOf(bytes);
    },
    () => {},
  );
  take(Buffer.from("90"));
  for (let piece = 0; piece < 87; piece += 1) take(Buffer.from("a"));
  expect(asked).toBe(1);
});
