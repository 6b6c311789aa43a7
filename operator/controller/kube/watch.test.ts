import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { refuse, until } from "./testing/fake-api-server.ts";
import { event, type FakeCollection } from "./testing/fake-collection.ts";
import { openThings, project, type WatchedThings } from "./testing/watched-things.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

/** The API server's limit is 1.5 MiB in etcd; JSON and managedFields make more of it. */
const LARGEST_OBJECT_BYTES = 3 * 1024 * 1024;

let fake: FakeCollection;
let changes: WatchedThings["changes"];
let start: WatchedThings["start"];
let startOpen: WatchedThings["startOpen"];
let close: WatchedThings["close"];

beforeEach(async () => {
  ({ fake, changes, start, startOpen, close } = await openThings());
});

afterEach(() => close());

/** A log that keeps the waits after failures, in milliseconds. */
function recordWaits() {
  const waits: number[] = [];
  const silent = () => undefined;
  const warn = (fields: object) => {
    if ("retryMilliseconds" in fields) waits.push(Number(fields.retryMilliseconds));
  };
  return { waits, log: { info: silent, warn, error: silent } };
}

describe("list", () => {
  test("reads every page before it is synced, and keeps only the projection", async () => {
    for (const name of ["a", "b", "c"]) fake.put(name, `value of ${name}`);
    fake.pageSize = 2;
    const seenSynced: boolean[] = [];
    fake.intercept = () => {
      seenSynced.push(things.synced());
      return false;
    };
    const things = start();
    await until("the watch is open", () => fake.openWatches() === 1);
    expect(seenSynced).toEqual([false, false, true]);
    expect([...things.values()]).toEqual(["value of a", "value of b", "value of c"]);
    expect(things.get("space/b")).toBe("value of b");
    expect(fake.lists().map(({ query }) => query.get("continue"))).toEqual([null, "2"]);
  });

  test("one that breaks off deletes nothing", async () => {
    for (const name of ["a", "b", "c"]) fake.put(name, "1");
    const things = await startOpen();
    fake.pageSize = 1;
    let failed = 0;
    fake.intercept = ({ query }, response) => {
      if (query.get("continue") !== "2" || failed > 0) return false;
      failed += 1;
      refuse(response, 500, "InternalError");
      return true;
    };
    fake.write("no json\n");
    await until("listed again in full", () => fake.lists().length >= 1 + 3 + 3);
    expect([...things.values()]).toEqual(["1", "1", "1"]);
    expect(changes.filter(({ now }) => now === undefined)).toEqual([]);
  });

  test("asks again after 429 and 500, with waits that grow", async () => {
    fake.put("a", "1");
    fake.intercept = (_seen, response) => {
      if (fake.lists().length > 3) return false;
      refuse(response, fake.lists().length === 1 ? 429 : 500, "Busy");
      return true;
    };
    const things = await startOpen();
    expect(things.get("space/a")).toBe("1");
    expect(fake.lists()).toHaveLength(4);
  });

  test("starts over when its continue token has expired", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    fake.pageSize = 1;
    fake.intercept = ({ query }, response) => {
      if (query.get("continue") === null || fake.lists().length > 2) return false;
      refuse(response, 410, "Expired");
      return true;
    };
    const things = await startOpen();
    expect([...things.values()]).toEqual(["1", "1"]);
  });

  test("halves a page that is too large, and goes on from the same place", async () => {
    for (const name of ["a", "b", "c"]) fake.put(name, "small");
    fake.ballastBytes = LARGEST_OBJECT_BYTES;
    for (const name of ["d", "e", "f"]) fake.put(name, "large");
    fake.pageSize = 3;
    const things = await startOpen();
    expect([...things.values()]).toEqual(["small", "small", "small", "large", "large", "large"]);
    const asked = fake.lists().map(({ query }) => [query.get("continue"), query.get("limit")]);
    expect(asked).toEqual([
      [null, "250"],
      ...["250", "125", "62", "31", "15", "7", "3", "1"].map((limit) => ["3", limit]),
      ["4", "1"],
      ["5", "1"],
    ]);
  });

  test.each([
    ["half", 0, [10, 20, 40, 40]],
    ["all", 1, [20, 40, 80, 80]],
  ])("backoff is drawn from half to all of its length: %s", async (_what, drawn, expected) => {
    const { waits, log } = recordWaits();
    fake.intercept = (_seen, response) => {
      if (fake.lists().length > expected.length) return false;
      refuse(response, 500, "InternalError");
      return true;
    };
    start({ firstBackoff: 20, maxBackoff: 80 }, { random: () => drawn, log });
    await until("the watch is open", () => fake.openWatches() === 1);
    expect(waits).toEqual(expected);
  });

  test("waits as long as the server asks, up to its own limit", async () => {
    fake.intercept = (_seen, response) => {
      if (fake.lists().length > 1) return false;
      response.setHeader("retry-after", "30");
      refuse(response, 429, "TooManyRequests");
      return true;
    };
    const startedAt = performance.now();
    start({ maxBackoff: 300 });
    await until("the watch is open", () => fake.openWatches() === 1);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });
});

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
    fake.ballastBytes = LARGEST_OBJECT_BYTES;
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
    const waits: number[] = [];
    const silent = () => undefined;
    const warn = (fields: { retryMilliseconds?: number }) =>
      waits.push(fields.retryMilliseconds ?? 0);
    const options = { random: () => 1, log: { info: silent, warn, error: silent } as never };
    start({ firstBackoff: 10, maxBackoff: 1_000 }, options);
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

describe("callbacks", () => {
  test("what onChange and onSynced throw stops nothing", async () => {
    fake.watchList = true;
    const things = start(
      {},
      {
        onChange: () => {
          throw new Error("a bug");
        },
        onSynced: () => {
          throw new Error("another bug");
        },
      },
    );
    await until("the watch is open", () => fake.openWatches() === 1);
    fake.put("a", "1");
    fake.put("b", "2");
    await until("both arrived", () => things.get("space/b") === "2");
    expect(things.get("space/a")).toBe("1");
    expect(fake.seen).toHaveLength(1);
  });

  test("onSynced is called once, however often all is listed", async () => {
    let times = 0;
    const onSynced = () => {
      times += 1;
    };
    start({}, { onSynced });
    await until("the watch is open", () => fake.openWatches() === 1);
    fake.write("no json\n");
    await until("watched again", () => fake.watches().length === 2);
    expect(fake.lists()).toHaveLength(2);
    expect(times).toBe(1);
  });

  test("an object that cannot be projected is left out", async () => {
    const things = start(
      {},
      {
        project: (object) => {
          if (object.metadata.name === "bad") throw new Error("a bug");
          return project(object);
        },
      },
    );
    await until("the watch is open", () => fake.openWatches() === 1);
    fake.put("bad", "1");
    fake.put("good", "2");
    await until("the good one arrived", () => things.get("space/good") === "2");
    expect([...things.values()]).toEqual(["2"]);
  });

  test("one that projects to nothing is gone, and that is told once", async () => {
    const things = start(
      {},
      {
        project: (object) => {
          const value = project(object);
          return value === "ending" ? undefined : value;
        },
      },
    );
    await until("the watch is open", () => fake.openWatches() === 1);
    fake.put("a", "1");
    fake.put("a", "ending");
    fake.remove("a");
    fake.put("b", "2");
    await until("all arrived", () => things.get("space/b") === "2");
    expect(changes).toEqual([
      { key: "space/a", now: "1" },
      { key: "space/a", old: "1" },
      { key: "space/b", now: "2" },
    ]);
  });
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
