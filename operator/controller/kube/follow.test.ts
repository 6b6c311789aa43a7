import type http from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type FollowOptions, follow, type WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import { createOneAtATime, type OneAtATime } from "./one-at-a-time.ts";
import { event, initialEventsEnd } from "./testing/fake-collection.ts";

const SILENCE = 150_000;

let body: PassThrough;
let longReads: OneAtATime;

beforeEach(() => {
  // The clock is virtual, streams are not.
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  body = new PassThrough();
  longReads = createOneAtATime();
});

afterEach(() => {
  jest.useRealTimers();
});

const project = ({ metadata }: KubeObject) => `kept of ${metadata.name}`;

/** Follows a body to the end; how it ended, as soon as it has. */
function started(
  options: Partial<FollowOptions<string>>,
  what = body,
): { ended: () => string | undefined; events: () => WatchEvent<string>[] } {
  const stream = async ({ signal }: { signal?: AbortSignal }) => {
    signal?.addEventListener("abort", () => what.destroy());
    return what as unknown as http.IncomingMessage;
  };
  let ended: string | undefined;
  const events: WatchEvent<string>[] = [];
  const run = async () => {
    const client = { stream, longReads } as unknown as KubeClient;
    const { signal } = new AbortController();
    const where = { client, path: "/x", selector: {}, project, since: undefined };
    const times = { silence: SILENCE, length: 600_000 };
    for await (const event of follow({ ...where, ...times, signal, ...options }))
      events.push(event);
  };
  run().then(
    () => {
      ended = "in good order";
    },
    (error: Error) => {
      ended = error.message;
    },
  );
  return { ended: () => ended, events: () => events };
}

async function pass(milliseconds: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(milliseconds);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const thing = event("ADDED", { metadata: { name: "a", resourceVersion: "1" } });

test("the initial objects may be silent for 30 s, each line starting the time anew", async () => {
  const following = started({});
  await pass(29_000);
  body.write(thing);
  await pass(0);
  await pass(29_000);
  expect(following.ended()).toBeUndefined();
  await pass(2_000);
  expect(following.ended()).toBe("nothing came for 30000 ms");
});

test("after the last of them it is as patient as any watch", async () => {
  const following = started({});
  await pass(0);
  body.write(thing + initialEventsEnd(2));
  await pass(0);
  await pass(SILENCE - 1_000);
  expect(following.ended()).toBeUndefined();
  await pass(2_000);
  expect(following.ended()).toBe(`nothing came for ${SILENCE} ms`);
});

test("a watch of changes is patient from the start", async () => {
  const following = started({ since: "1" });
  await pass(SILENCE - 1_000);
  expect(following.ended()).toBeUndefined();
  await pass(2_000);
  expect(following.ended()).toBe(`nothing came for ${SILENCE} ms`);
});

/** What a long object begins with: more than everybody may hold. */
const LONG = `{"type":"ADDED","object":{"metadata":{"resourceVersion":"1","name":"${"<".repeat(1_500_000)}`;
const REST = '"}}}\n';

test("a long line that does not end has 30 s, though it trickles; who waits behind it is not silent", async () => {
  const slow = started({ since: "1" });
  body.write(LONG);
  await pass(0);
  const other = new PassThrough();
  const waiting = started({}, other);
  other.write(LONG);
  for (let second = 0; second < 29; second += 1) {
    await pass(1_000);
    body.write("<");
  }
  other.write(REST);
  await pass(0);
  expect([slow.ended(), waiting.ended(), waiting.events()]).toStrictEqual([
    undefined,
    undefined,
    [],
  ]);
  await pass(2_000);
  expect(slow.ended()).toBe("a line was not whole within 30000 ms");
  expect([waiting.ended(), waiting.events().length]).toStrictEqual([undefined, 1]);
});

test("its time begins with its turn", async () => {
  const leave = await longReads(new AbortController().signal);
  const following = started({ since: "1" });
  body.write(LONG);
  await pass(SILENCE - 1_000);
  leave();
  await pass(29_000);
  expect(following.ended()).toBeUndefined();
  body.write(REST);
  await pass(0);
  expect(following.events()).toHaveLength(1);
  await pass(SILENCE - 1_000);
  expect(following.ended()).toBeUndefined();
});

test("who waits behind connections that died within a long line ends after a silence", async () => {
  const silence = 140_000;
  const bodies = Array.from({ length: 8 }, () => new PassThrough());
  const all = bodies.map((each, at) => started({ since: at % 2 ? "1" : undefined, silence }, each));
  for (const each of bodies) each.write(LONG);
  const ended = () => all.map((following) => following.ended());
  for (let time = 0; time < silence; time += 1_000) await pass(1_000);
  const tookTheirTurn = Array(4).fill("a line was not whole within 30000 ms");
  const waited = Array(3).fill("no turn to read on for 140000 ms");
  expect(ended()).toStrictEqual([...tookTheirTurn, undefined, ...waited]);
  await pass(30_000);
  expect(ended()).not.toContain(undefined);
  await expect(longReads(new AbortController().signal)).resolves.toBeDefined();
});

test("who stops while it waits takes nobody's turn", async () => {
  const leave = await longReads(new AbortController().signal);
  const stopping = new AbortController();
  const stopped = started({ since: "1", signal: stopping.signal });
  body.write(LONG);
  await pass(0);
  stopping.abort(new Error("stopped"));
  await pass(0);
  expect(stopped.ended()).toBe("stopped");
  leave();
  await expect(longReads(new AbortController().signal)).resolves.toBeDefined();
});

test.each<[string, string, string | undefined, boolean]>([
  ["the bookmark with the annotation", "BOOKMARK", "true", true],
  ["any other bookmark", "BOOKMARK", undefined, false],
  ["a bookmark that says no", "BOOKMARK", "false", false],
  ["an object that carries the annotation", "ADDED", "true", false],
])(
  "the initial events end with the bookmark that says so: %s",
  async (_what, type, value, expected) => {
    const annotations = value === undefined ? {} : { "k8s.io/initial-events-end": value };
    const following = started({});
    body.write(event(type, { metadata: { name: "a", resourceVersion: "1", annotations } }));
    await pass(0);
    expect(following.events().map(({ endsInitialEvents }) => endsInitialEvents)).toEqual([
      expected,
    ]);
  },
);

test.each<[string, WatchEvent<string>["change"]]>([
  ["ADDED", { key: "shop/a", now: "kept of a" }],
  ["MODIFIED", { key: "shop/a", now: "kept of a" }],
  ["DELETED", { key: "shop/a", now: undefined }],
])(
  "of an event %s its version is there and what is kept of its object, and no more",
  async (type, change) => {
    const following = started({});
    body.write(event(type, { metadata: { name: "a", namespace: "shop", resourceVersion: "7" } }));
    await pass(0);
    const expected = { resourceVersion: "7", change, endsInitialEvents: false };
    expect(following.events()).toStrictEqual([expected]);
  },
);
