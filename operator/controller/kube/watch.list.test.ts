/** How a watch lists its collection by pages, and how long it waits after a refusal. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { KubeObject } from "./kube-object.ts";
import { refuse, until } from "./testing/fake-api-server.ts";
import type { FakeCollection } from "./testing/fake-collection.ts";
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

  test("keeps what has not changed as it is, so that a list does not take the memory twice", async () => {
    for (const name of ["a", "b"]) fake.put(name, "1");
    const project = (object: KubeObject) => [object.metadata.resourceVersion] as unknown as string;
    const things = start({}, { project });
    await until("the watch is open", () => fake.openWatches() === 1);
    const before = [...things.values()];
    fake.put("b", "2");
    await things.refresh();
    const after = [...things.values()];
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toEqual(before[1]);
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

  test("halves a page that is too large, goes on from the same place, and doubles the next", async () => {
    for (const name of ["a", "b"]) fake.put(name, "small");
    fake.ballast = "x".repeat(1.1 * 1024 * 1024);
    for (const name of ["c", "d"]) fake.put(name, "large");
    fake.ballast = "x".repeat(LARGEST_OBJECT_BYTES);
    fake.put("e", "largest");
    fake.pageSize = 2;
    const things = await startOpen();
    expect([...things.values()]).toEqual(["small", "small", "large", "large", "largest"]);
    const asked = fake.lists().map(({ query }) => [query.get("continue"), query.get("limit")]);
    expect(asked).toEqual([
      [null, "100"],
      ...["100", "50", "25", "12", "6", "3", "1"].map((limit) => ["2", limit]),
      ["3", "2"],
      ["3", "1"],
      ["4", "2"],
      ["4", "1"],
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
