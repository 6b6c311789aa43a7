import type { Duplex } from "node:stream";
import { PassThrough, Writable } from "node:stream";
import { expect, test } from "@jest/globals";
import { writeLast } from "./write-last.ts";

const BYTES = Buffer.from("goodbye");
const signal = () => new AbortController().signal;

/** A stream whose writes take until the test ends them. */
function slow() {
  const ended: (() => void)[] = [];
  const stream = new Writable({ write: (_chunk, _encoding, done) => void ended.push(done) });
  stream.on("error", () => {});
  return { stream: stream as unknown as Duplex, end: () => ended.shift()?.() };
}

const settled = async (promise: Promise<void>) => {
  const pending = Symbol("pending");
  const turn = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise, turn])) !== pending;
};

test("waits until the bytes are on their way, those before them included", async () => {
  const { stream, end } = slow();
  stream.write("before");
  const last = writeLast({ stream, signal: signal() }, BYTES);
  expect(await settled(last)).toBe(false);
  end();
  expect(await settled(last)).toBe(false);
  end();
  expect(await settled(last)).toBe(true);
});

test("ends with the signal, and with the stream", async () => {
  const abort = new AbortController();
  const last = writeLast({ stream: slow().stream, signal: abort.signal }, BYTES);
  expect(await settled(last)).toBe(false);
  abort.abort();
  expect(await settled(last)).toBe(true);

  const { stream } = slow();
  const other = writeLast({ stream, signal: signal() }, BYTES);
  stream.destroy();
  expect(await settled(other)).toBe(true);
});

test("writes nothing once either has ended", async () => {
  const stream = new PassThrough();
  await writeLast({ stream, signal: AbortSignal.abort() }, BYTES);
  expect(stream.read()).toBeNull();
  stream.destroy();
  await writeLast({ stream, signal: signal() }, BYTES);
});
