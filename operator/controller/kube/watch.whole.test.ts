/** How a watch reads its collection as a whole, and what becomes of it when that fails. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { refuse, until } from "./testing/fake-api-server.ts";
import {
  event,
  type FakeCollection,
  type Item,
  initialEventsEnd,
} from "./testing/fake-collection.ts";
import { openThings, type WatchedThings } from "./testing/watched-things.ts";

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

describe("a relist that is due and fails", () => {
  /** Refuses every further list, as a server does that has more of them than it can answer. */
  function refuseLists(): void {
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") === "true") return false;
      refuse(response, 429, "TooManyRequests");
      return true;
    };
  }

  test("leaves the watch where it was: changes go on arriving", async () => {
    fake.put("a", "1");
    const things = await startOpen({ relist: 1, relistRetry: 1 });
    refuseLists();
    for (const value of ["2", "3"]) {
      fake.endWatches("end");
      await until("watched again", () => fake.openWatches() === 1);
      fake.put("a", value);
      await until("the change arrived", () => things.get("space/a") === value);
    }
    expect(fake.lists().length).toBeGreaterThan(2);
    expect(fake.watches().at(-1)?.query.get("resourceVersion")).toBe("102");
    expect(changes.filter(({ now }) => now === undefined)).toEqual([]);
  });

  test("is tried again after a while, not before each watch", async () => {
    await startOpen({ relist: 1, relistRetry: 60_000 });
    refuseLists();
    for (const watches of [2, 3, 4]) {
      fake.endWatches("end");
      await until("watched again", () => fake.watches().length === watches);
    }
    expect(fake.lists()).toHaveLength(2);
  });

  test("is made up for when lists are answered again", async () => {
    fake.put("a", "1");
    const things = await startOpen({ relist: 1, relistRetry: 1 });
    refuseLists();
    fake.endWatches("end");
    await until("refused", () => fake.lists().length === 2);
    fake.removeSilently("a");
    fake.intercept = () => false;
    await until("watched again", () => fake.openWatches() === 1);
    fake.endWatches("end");
    await until("listed again", () => things.get("space/a") === undefined);
  });

  test("which must be made, because the history is gone, is not put off", async () => {
    await startOpen();
    refuseLists();
    fake.write("no json\n");
    await until("asked more than once", () => fake.lists().length > 2);
    expect(fake.watches()).toHaveLength(1);
  });
});

describe("a server with WatchList", () => {
  beforeEach(() => {
    fake.watchList = true;
  });

  test("is asked for everything in one watch, which goes on", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    const things = await startOpen();
    await until("synced", () => things.synced());
    expect([...things.values()]).toEqual(["1", "1"]);
    fake.put("b", "2");
    fake.remove("a");
    await until("the changes arrived", () => changes.length === 4);
    expect([...things.values()]).toEqual(["2"]);
    expect(fake.seen.map(({ query }) => Object.fromEntries(query))).toEqual([
      {
        watch: "true",
        allowWatchBookmarks: "true",
        timeoutSeconds: expect.any(String),
        sendInitialEvents: "true",
        resourceVersionMatch: "NotOlderThan",
      },
    ]);
    fake.endWatches("end");
    await until("watched again", () => fake.watches().length === 1);
    expect(fake.watches()[0]?.query.get("resourceVersion")).toBe("104");
  });

  /** Answers the first stream with these lines, and leaves it open or ends it. */
  function firstStream(lines: string[], end = false): void {
    fake.intercept = (_seen, response) => {
      if (fake.streams().length > 1 || fake.lists().length + fake.watches().length > 0)
        return false;
      response.writeHead(200).flushHeaders();
      for (const line of lines) response.write(line);
      if (end) response.end();
      return true;
    };
  }

  function thing(name: string, value: string, resourceVersion: string): Item {
    return { metadata: { name, namespace: "space", resourceVersion }, value, ballast: "" };
  }

  test("is not synced before the bookmark that ends the initial events", async () => {
    firstStream([
      event("ADDED", thing("a", "1", "1")),
      event("BOOKMARK", { metadata: { resourceVersion: "4" } }),
    ]);
    const things = start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(things.synced()).toBe(false);
    expect([...things.values()]).toEqual([]);
  });

  test("may send changes before that bookmark, and they count", async () => {
    firstStream([
      event("ADDED", thing("b", "1", "2")),
      event("ADDED", thing("c", "1", "3")),
      event("MODIFIED", thing("b", "2", "5")),
      event("DELETED", thing("c", "1", "6")),
      initialEventsEnd(7),
    ]);
    const things = start();
    await until("synced", () => things.synced());
    expect([...things.values()]).toEqual(["2"]);
  });

  test.each([
    ["ends", true],
    ["falls silent", false],
  ])(
    "and whose stream %s too early: nothing is deleted, and pages are tried next",
    async (_what, end) => {
      for (const name of ["a", "b"]) fake.put(name, "1");
      firstStream([event("ADDED", thing("a", "old", "1"))], end);
      const things = start({ silence: 200 });
      await until("synced", () => things.synced());
      expect([...things.values()]).toEqual(["1", "1"]);
      expect([fake.streams().length, fake.lists().length]).toEqual([1, 1]);
    },
  );

  test("is asked for a stream again when pages fail as well", async () => {
    fake.put("a", "1");
    fake.intercept = (_seen, response) => {
      if (fake.seen.length > 2) return false;
      refuse(response, 429, "TooManyRequests");
      return true;
    };
    const things = start();
    await until("synced", () => things.synced());
    expect([fake.streams().length, fake.lists().length]).toEqual([2, 1]);
  });

  test("finds what is gone by the relist, and a relist that breaks off deletes nothing", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    const things = await startOpen({ relist: 50 });
    fake.removeSilently("a");
    await new Promise((resolve) => setTimeout(resolve, 60));
    fake.intercept = (seen, response) => {
      if (fake.streams().length !== 2 || seen.query.get("sendInitialEvents") === null) return false;
      response.writeHead(200).flushHeaders();
      response.end();
      return true;
    };
    fake.endWatches("end");
    await until("followed again from where it was", () => fake.watches().length === 1);
    expect([...things.values()]).toEqual(["1", "1"]);
  });
});

test.each([400, 422])(
  "a server that refuses initial events with %i is asked once",
  async (code) => {
    fake.watchList = true;
    fake.put("a", "1");
    fake.intercept = ({ query }, response) => {
      if (!query.has("sendInitialEvents")) return false;
      refuse(response, code, "Invalid");
      return true;
    };
    const things = await startOpen();
    expect(things.get("space/a")).toBe("1");
    fake.write("no json\n");
    await until("listed again", () => fake.lists().length === 2);
    expect(fake.streams()).toHaveLength(1);
  },
);

describe("refresh", () => {
  test("brings what no event has told", async () => {
    fake.put("a", "1");
    fake.put("b", "1");
    const things = await startOpen();
    fake.removeSilently("a");
    await things.refresh();
    expect([...things.values()]).toEqual(["1"]);
    expect(fake.lists()).toHaveLength(2);
    // As fresh as the server can make it: no version, no cache of the server.
    expect(fake.lists()[1]?.query.has("resourceVersion")).toBe(false);
    await until("watched again", () => fake.openWatches() === 1);
    fake.put("b", "2");
    await until("the change arrived", () => things.get("space/b") === "2");
  });

  test("does not wait for the pause after a failure", async () => {
    const things = await startOpen({ firstBackoff: 60_000, maxBackoff: 60_000 });
    fake.endWatches("cut");
    await until("cut", () => fake.openWatches() === 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    fake.put("a", "1");
    await things.refresh();
    expect(things.get("space/a")).toBe("1");
  });

  test("is not content with a read that began before it", async () => {
    const things = await startOpen();
    const held: (() => void)[] = [];
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") === "true" || held.length > 0) return false;
      held.push(() => response.destroy());
      return true;
    };
    const first = things.refresh();
    await until("it reads", () => held.length === 1);
    fake.put("a", "1");
    await Promise.all([first, things.refresh()]);
    expect(things.get("space/a")).toBe("1");
    expect(fake.lists()).toHaveLength(3);
  });

  test("asked for while a read is taken in waits for the next one", async () => {
    fake.put("a", "1");
    let refreshed: Promise<void> | undefined;
    const onChange = () => {
      if (refreshed) return;
      fake.put("b", "1");
      refreshed = things.refresh();
    };
    const things = start({}, { onChange });
    await until("it is asked for", () => refreshed !== undefined);
    await refreshed;
    expect(things.get("space/b")).toBe("1");
  });

  test("that fails says so, and the watch goes on from where it was", async () => {
    fake.put("a", "1");
    const things = await startOpen();
    fake.intercept = ({ query }, response) => {
      if (query.get("watch") === "true") return false;
      refuse(response, 429, "TooManyRequests");
      return true;
    };
    await expect(things.refresh()).rejects.toThrow("429");
    await until("watched again", () => fake.openWatches() === 1);
    expect(fake.watches().at(-1)?.query.get("resourceVersion")).toBe("101");
    fake.put("a", "2");
    await until("the change arrived", () => things.get("space/a") === "2");
  });

  test("ends with the watch", async () => {
    const things = await startOpen();
    fake.intercept = ({ query }) => query.get("watch") !== "true";
    const refreshed = things.refresh();
    await Promise.all([expect(refreshed).rejects.toThrow("stopped"), things.stop()]);
  });
});
