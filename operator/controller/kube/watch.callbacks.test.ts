/** What a watch does with the functions that its owner gives it. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { until } from "./testing/fake-api-server.ts";
import type { FakeCollection } from "./testing/fake-collection.ts";
import { openThings, project, type WatchedThings } from "./testing/watched-things.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let fake: FakeCollection;
let changes: WatchedThings["changes"];
let start: WatchedThings["start"];
let close: WatchedThings["close"];

beforeEach(async () => {
  ({ fake, changes, start, close } = await openThings());
});

afterEach(() => close());

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
