import type http from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { endsInitialEvents, type FollowOptions, follow, type WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";
import { event, initialEventsEnd } from "./testing/fake-collection.ts";

const SILENCE = 150_000;

let body: PassThrough;

beforeEach(() => {
  // The clock is virtual, streams are not.
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  body = new PassThrough();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Follows to the end; how it ended, as soon as it has. */
function started(options: Partial<FollowOptions>): { ended: () => string | undefined } {
  const stream = async ({ signal }: { signal?: AbortSignal }) => {
    signal?.addEventListener("abort", () => body.destroy());
    return body as unknown as http.IncomingMessage;
  };
  let ended: string | undefined;
  const run = async () => {
    const client = { stream } as unknown as KubeClient;
    const { signal } = new AbortController();
    const all = { client, path: "/x", selector: {}, silence: SILENCE, length: 600_000, signal };
    for await (const _ of follow({ since: undefined, ...all, ...options })) ended = undefined;
  };
  run().then(
    () => {
      ended = "in good order";
    },
    (error: Error) => {
      ended = error.message;
    },
  );
  return { ended: () => ended };
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

test.each<[string, WatchEvent["type"], string | undefined, boolean]>([
  ["the bookmark with the annotation", "BOOKMARK", "true", true],
  ["any other bookmark", "BOOKMARK", undefined, false],
  ["a bookmark that says no", "BOOKMARK", "false", false],
  ["an object that carries the annotation", "ADDED", "true", false],
])("the initial events end with the bookmark that says so: %s", (_what, type, value, expected) => {
  const annotations = value === undefined ? {} : { "k8s.io/initial-events-end": value };
  expect(endsInitialEvents({ type, object: { metadata: { name: "a", annotations } } })).toBe(
    expected,
  );
});
