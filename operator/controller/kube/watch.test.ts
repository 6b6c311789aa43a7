/** How a watch follows its collection, and what it does when the server ends it or speaks nonsense. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { refuse, until } from "./testing/fake-api-server.ts";
import { event, type FakeCollection } from "./testing/fake-collection.ts";
import {
  LARGEST_OBJECT_BYTES,
  openThings,
  recordWaits,
  type WatchedThings,
} from "./testing/watched-things.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let fake: FakeCollection;
let changes: WatchedThings["changes"];
let start: WatchedThings["start"];
let startOpen: WatchedThings["startOpen"];
let close: WatchedThings["close"];

beforeEach(async () => {
  ({ fake, changes, start, startOpen, close } = await openThings());
});

afterEach(() => close());

describe("watch", () => {
  test("follows additions, changes and deletions", async () => {
    const things = await startOpen();
    fake.put("a", "1");
    fake.put("a", "2");
    fake.remove("a");
    await until("three changes", () => changes.length === 3);
    expect(changes).toEqual([
      { key: "space/a", now: "1" },
      { key: "space/a", old: "1", now: "2" },
      { key: "space/a", old: "2" },
    ]);
    expect([...things.values()]).toEqual([]);
  });

  test("takes the largest object that an API server keeps", async () => {
    const things = await startOpen();
    fake.ballast = "x".repeat(LARGEST_OBJECT_BYTES);
    fake.put("a", "large");
    await until("it arrived", () => things.get("space/a") === "large");
    expect(fake.lists()).toHaveLength(1);
  });

  test("a bookmark is no object", async () => {
    const things = await startOpen();
    const metadata = { name: "", namespace: "space", resourceVersion: "777" };
    fake.write(event("BOOKMARK", { metadata, value: "none", ballast: "" }));
    fake.put("a", "1");
    await until("one change", () => changes.length > 0);
    expect([...things.values()]).toEqual(["1"]);
  });

  test("waits grow only while nothing comes: after an event they start over", async () => {
    const { waits, log } = recordWaits();
    start({ firstBackoff: 10, maxBackoff: 1_000 }, { random: () => 1, log });
    for (const round of [1, 2, 3]) {
      await until("the watch is open", () => fake.openWatches() === 1);
      fake.put("a", String(round));
      await until("the change came", () => changes.length === round);
      fake.endWatches("cut");
      await until("cut", () => waits.length === round);
    }
    expect(waits).toEqual([10, 10, 10]);
  });

  test("a server that ends every watch at once is not asked in a busy loop", async () => {
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") !== "true") return false;
      response.writeHead(200).end();
      return true;
    };
    start({ firstBackoff: 200 }, { random: () => 1 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(fake.watches().length).toBeLessThanOrEqual(3);
  });

  test("asks for bookmarks and resumes from the last one without listing", async () => {
    await startOpen();
    const bookmark = { type: "BOOKMARK", object: { metadata: { resourceVersion: "777" } } };
    fake.write(`${JSON.stringify(bookmark)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    fake.endWatches("end");
    await until("watched again", () => fake.watches().length === 2);
    const [first, second] = fake.watches();
    expect(first?.query.get("allowWatchBookmarks")).toBe("true");
    expect(first?.query.get("resourceVersion")).toBe("100");
    expect(Number(first?.query.get("timeoutSeconds"))).toBeGreaterThan(0);
    expect(second?.query.get("resourceVersion")).toBe("777");
    expect(fake.lists()).toHaveLength(1);
  });

  test("a cut connection is opened again from where it was", async () => {
    await startOpen();
    fake.put("a", "1");
    await until("one change", () => changes.length === 1);
    fake.endWatches("cut");
    await until("watched again", () => fake.openWatches() === 1);
    expect(fake.watches().at(-1)?.query.get("resourceVersion")).toBe("101");
    fake.put("a", "2");
    await until("the next change", () => changes.length === 2);
    expect(fake.lists()).toHaveLength(1);
  });

  test.each([
    ["a line that is no JSON", "no json\n"],
    ["a line that is no event", '{"kind":"Status"}\n'],
    ["an event without a version", '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n'],
  ])("%s means list again", async (_what, line) => {
    const things = await startOpen();
    fake.put("a", "1");
    await until("one change", () => changes.length === 1);
    fake.write(line);
    await until("listed again", () => fake.lists().length === 2);
    await until("watched again", () => fake.openWatches() === 1);
    expect([...things.values()]).toEqual(["1"]);
  });

  test("a line that is cut off is not taken for an object", async () => {
    fake.put("a", "1");
    const things = await startOpen();
    // Whole JSON, but the newline that says so never came: more could have followed.
    const object = { metadata: { name: "a", namespace: "space", resourceVersion: "555" } };
    fake.write(JSON.stringify({ type: "MODIFIED", object: { ...object, value: "cut" } }));
    fake.endWatches("end");
    await until("watched again", () => fake.watches().length === 2);
    expect(things.get("space/a")).toBe("1");
    expect(fake.watches().at(-1)?.query.get("resourceVersion")).not.toBe("555");
  });

  test("410 as the answer means list again, and deletions are found", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    const things = await startOpen();
    fake.removeSilently("a");
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") !== "true" || fake.watches().length !== 2) return false;
      refuse(response, 410, "Expired");
      return true;
    };
    fake.endWatches("end");
    await until("watched again", () => fake.openWatches() === 1 && fake.lists().length === 2);
    expect([...things.values()]).toEqual(["1"]);
    expect(changes).toContainEqual({ key: "space/a", old: "1" });
  });

  test("410 after an outage means that the server is back: listed soon, not after the wait of a long one", async () => {
    fake.put("a", "1");
    const { waits, log } = recordWaits();
    const things = start({ firstBackoff: 10, maxBackoff: 80 }, { log, random: () => 1 });
    await until("the watch is open", () => fake.openWatches() === 1);
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") !== "true" || waits.length > 4) return false;
      if (waits.length < 4) refuse(response, 500, "InternalError");
      else refuse(response, 410, "Expired");
      return true;
    };
    fake.put("b", "1");
    fake.endWatches("cut");
    await until("watched again", () => waits.length === 5 && fake.openWatches() === 1);
    expect(waits).toEqual([10, 20, 40, 80, 10]);
    expect([...things.values()]).toEqual(["1", "1"]);
  });

  test("410 as an event means list again, and deletions are found", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    const things = await startOpen();
    fake.removeSilently("a");
    fake.write('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n');
    await until("watched again", () => fake.watches().length === 2);
    expect(fake.lists()).toHaveLength(2);
    expect([...things.values()]).toEqual(["1"]);
    expect(changes).toContainEqual({ key: "space/a", old: "1" });
  });

  test("any other error event is tried again without listing", async () => {
    await startOpen();
    fake.write('{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError"}}\n');
    await until("watched again", () => fake.watches().length === 2);
    expect(fake.lists()).toHaveLength(1);
  });

  test("429 and 500 are tried again without listing", async () => {
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") !== "true" || fake.watches().length > 2) return false;
      refuse(response, fake.watches().length === 1 ? 429 : 500, "Busy");
      return true;
    };
    await startOpen();
    expect(fake.lists()).toHaveLength(1);
  });

  test("a silent watch is given up, its connection closed, and a new one opened", async () => {
    await startOpen({ silence: 100 });
    fake.put("a", "1");
    await until("one change", () => changes.length === 1);
    const startedAt = performance.now();
    await until("watched again", () => fake.watches().length === 2);
    expect(performance.now() - startedAt).toBeGreaterThan(80);
    await until("the dead connection is closed", () => fake.openWatches() === 1);
    fake.put("a", "2");
    await until("the next change", () => changes.length === 2);
    expect(fake.lists()).toHaveLength(1);
  });

  test("one that goes on speaking is left alone", async () => {
    await startOpen({ silence: 1_000 });
    for (let version = 1; version <= 15; version += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      fake.put("a", String(version));
    }
    expect(fake.watches()).toHaveLength(1);
  });

  test("one that the server does not end is ended", async () => {
    // Ended 5 s after its length at the latest: after 100 ms here.
    await startOpen({ watchLength: -4_900 });
    await until("watched again", () => fake.watches().length === 2);
  });

  test("lists again now and then, in case an event was lost", async () => {
    fake.put("a", "1");
    const things = await startOpen({ relist: 50 });
    fake.removeSilently("a");
    await new Promise((resolve) => setTimeout(resolve, 60));
    fake.endWatches("end");
    await until("listed again", () => things.get("space/a") === undefined);
    expect(changes).toContainEqual({ key: "space/a", old: "1" });
  });
});

test("the same error gives its stack once", async () => {
  const logged: { err?: unknown }[] = [];
  const silent = () => undefined;
  fake.intercept = (_seen, response) => {
    refuse(response, 500, "InternalError");
    return true;
  };
  const warn = (fields: { err?: unknown }) => logged.push(fields);
  start({}, { log: { info: silent, warn, error: silent } as never });
  await until("three attempts", () => logged.length >= 3);
  expect(logged[0]?.err).toBeInstanceOf(Error);
  expect(logged[2]?.err).toStrictEqual({ message: expect.stringContaining("500 InternalError") });
});

test("asks for one name alone where one is given", async () => {
  start({}, { name: "mine" });
  await until("the watch is open", () => fake.openWatches() === 1);
  // Refused as a stream, listed, watched.
  expect(fake.seen.map(({ query }) => query.get("fieldSelector"))).toEqual([
    "metadata.name=mine",
    "metadata.name=mine",
    "metadata.name=mine",
  ]);
});

test("tells how long ago the server last spoke", async () => {
  const things = await startOpen();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(things.secondsSinceLastEvent()).toBeGreaterThan(0.49);
  fake.put("a", "1");
  await until("one change", () => changes.length === 1);
  expect(things.secondsSinceLastEvent()).toBeLessThan(0.45);
});

test("stop ends an open watch and asks no more", async () => {
  const things = await startOpen();
  await things.stop();
  await until("the connection is closed", () => fake.openWatches() === 0);
  const requests = fake.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(fake.seen).toHaveLength(requests);
});
