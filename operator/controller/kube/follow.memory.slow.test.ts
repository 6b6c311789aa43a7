/** What watches keep of the lines that they have read. */
import type http from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, jest, test } from "@jest/globals";
import { follow } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { until } from "./testing/fake-api-server.ts";

/** A second on a machine that does nothing else. */
jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const PIECE = 64 * 1024;
const WATCHES = 10;
const LINE_MIB = 4;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in the heap and outside, where long texts and buffers are; those are given back beside the program. */
async function held(): Promise<number> {
  for (let time = 0; time < 3; time += 1) {
    await nextTurn();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test.each([
  // As six characters each: the object is a sixth of its line.
  ["long", () => `"name":"${"\\u0001".repeat((LINE_MIB * MIB) / 6)}"`],
  // Parsed it takes 21 times as much.
  ["dense", () => `"name":"a","ownerReferences":[${Array(300_000).fill("{}")}]`],
])("watches that wait keep nothing of the %s line that they read last", async (_what, fields) => {
  const longReads = createOneAtATime();
  const stop = new AbortController();
  let read = 0;
  const stopped = new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  /** The line in pieces, as a connection gives them. */
  async function* body(): AsyncGenerator<Buffer> {
    const object = `{"metadata":{"resourceVersion":"1",${fields()}}}`;
    const line = Buffer.from(`{"type":"ADDED","object":${object}}\n`);
    for (let at = 0; at < line.length; at += PIECE)
      yield Buffer.from(line.subarray(at, at + PIECE));
  }
  async function* bodyThatWaits(): AsyncGenerator<Buffer> {
    yield* body();
    await stopped;
  }
  async function watch(): Promise<void> {
    const stream = async () => bodyThatWaits() as unknown as http.IncomingMessage;
    const client = { stream, longReads } as unknown as KubeClient;
    const times = { since: "1", silence: 60_000, length: 60_000 };
    const what = { client, path: "/x", selector: {}, project: () => undefined };
    const events = follow({ ...what, ...times, signal: stop.signal });
    for await (const _ of events) read += 1;
  }
  const before = await held();
  const ended = Array.from({ length: WATCHES }, watch);
  await until("all lines to be read", () => read === WATCHES);
  const kept = (await held()) - before;
  stop.abort(new Error("stopped"));
  await Promise.all(ended);
  // What all of them would keep is at least this much, and what was read beside them far less.
  expect(kept / MIB).toBeLessThan((WATCHES * LINE_MIB) / 2);
});
