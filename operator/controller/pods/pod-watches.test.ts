import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { until } from "../kube/testing/fake-api-server.ts";
import type { Change } from "../kube/watch.ts";
import { runAhead } from "../testing/run-ahead.ts";
import { type PodRecord, podProjection } from "./pod-record.ts";
import {
  BACK_TO_SINGLE_NAMESPACES,
  MOST_WATCHED_NAMESPACES,
  type PodWatches,
  startPodWatches,
} from "./pod-watches.ts";
import { type FakePods, startFakePods } from "./testing/fake-pods.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const ALL = "/api/v1/pods";

let api: FakePods;
let watches: PodWatches;
let changes: Change<PodRecord>[];
/** Namespaces that were said to be synced, in order. */
let synced: string[];

beforeEach(async () => {
  api = await startFakePods();
  changes = [];
  synced = [];
  watches = startPodWatches({
    client: api.client,
    ownNamespace: "system",
    project: podProjection("sidecar:1"),
    onChange: (change) => changes.push(change),
    onSynced: (namespaces) => synced.push(...namespaces),
    log: pino({ level: "silent" }),
  });
});

afterEach(async () => {
  await watches.stop();
  await api.close();
});

function podsOf(...namespaces: string[]): string[] {
  return namespaces.map((namespace) => `/api/v1/namespaces/${namespace}/pods`).sort();
}

/** So many namespaces, the first of them `shop`. */
function many(count: number): string[] {
  return ["shop", ...Array.from({ length: count - 1 }, (_, index) => `other-${index}`)];
}

function names(namespace: string): string[] {
  return watches.pods(namespace).map(({ name }) => name);
}

async function untilWatched(paths: string[]): Promise<void> {
  const wanted = JSON.stringify(paths);
  await until(`watched: ${wanted}`, () => JSON.stringify(api.watched()) === wanted);
}

test("few namespaces have a watch each, and so has the operator's own", async () => {
  api.put("shop", "web-1");
  api.put("elsewhere", "web-1");
  watches.follow(["shop", "system"]);
  expect(watches.synced("shop")).toBe(false);
  await untilWatched(podsOf("shop", "system"));
  expect(watches.synced("shop")).toBe(true);
  expect(watches.synced("elsewhere")).toBe(false);
  expect(names("shop")).toEqual(["web-1"]);
  expect(names("elsewhere")).toEqual([]);
  expect(synced.sort()).toEqual(["shop", "system"]);
  // What was there when the watch began is no change.
  expect(changes).toEqual([]);
  api.put("shop", "web-2");
  await until("a change", () => changes.length === 1);
  expect(changes[0]).toMatchObject({ key: "shop/web-2" });
});

test("namespaces come and go with their policies; the others are left alone", async () => {
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  const before = api.seen.length;
  api.put("bank", "web-1");
  watches.follow(["shop", "bank"]);
  expect(watches.synced("shop")).toBe(true);
  await untilWatched(podsOf("bank", "shop", "system"));
  expect(names("bank")).toEqual(["web-1"]);
  expect(synced.filter((namespace) => namespace === "bank")).toHaveLength(1);
  watches.follow(["bank"]);
  await untilWatched(podsOf("bank", "system"));
  expect(watches.synced("shop")).toBe(false);
  expect(names("shop")).toEqual([]);
  const later = api.seen.slice(before).map(({ path }) => path);
  expect(new Set(later)).toEqual(new Set(podsOf("bank")));
});

test("up to the limit each has its own watch; beyond it there is one for all", async () => {
  watches.follow(many(MOST_WATCHED_NAMESPACES));
  await untilWatched(podsOf(...many(MOST_WATCHED_NAMESPACES), "system"));
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await untilWatched([ALL]);
});

test("it goes back to single watches below the limit, not at it", async () => {
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await untilWatched([ALL]);
  watches.follow(many(BACK_TO_SINGLE_NAMESPACES + 1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(api.watched()).toEqual([ALL]);
  watches.follow(many(BACK_TO_SINGLE_NAMESPACES));
  await untilWatched(podsOf(...many(BACK_TO_SINGLE_NAMESPACES), "system"));
});

test("to all: no pod is lost or counted twice, and what was synced stays so", async () => {
  api.put("shop", "web-1");
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  api.holds = (path) => path === ALL;
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await until("all pods are listed", () => api.seen.at(-1)?.path === ALL);
  expect([watches.synced("shop"), names("shop")]).toEqual([true, ["web-1"]]);
  expect(watches.synced("other-1")).toBe(false);
  api.put("shop", "web-2");
  await until("the old watch still tells", () => changes.length === 1);
  expect(names("shop")).toEqual(["web-1", "web-2"]);
  api.put("other-1", "web-1");
  synced = [];
  api.release();
  await untilWatched([ALL]);
  expect([watches.synced("shop"), names("shop")]).toEqual([true, ["web-1", "web-2"]]);
  expect(names("other-1")).toEqual(["web-1"]);
  // Everybody is counted again, from the new watch.
  expect(synced).toHaveLength(MOST_WATCHED_NAMESPACES + 2);
  expect(changes).toHaveLength(1);
  api.remove("shop", "web-1");
  await until("the new watch tells", () => changes.length === 2);
  expect(names("shop")).toEqual(["web-2"]);
});

test("and back: the same", async () => {
  api.put("shop", "web-1");
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await untilWatched([ALL]);
  api.holds = (path) => path.includes("/shop/");
  synced = [];
  watches.follow(["shop"]);
  await until("the pods of the namespace are listed", () =>
    api.seen.some(({ path, query }) => path.includes("/shop/") && query.has("limit")),
  );
  await until("the operator's own are read", () => synced.includes("system"));
  expect([watches.synced("shop"), names("shop")]).toEqual([true, ["web-1"]]);
  api.put("shop", "web-2");
  await until("the old watch still tells", () => changes.length === 1);
  synced = [];
  api.release();
  await untilWatched(podsOf("shop", "system"));
  expect([watches.synced("shop"), names("shop")]).toEqual([true, ["web-1", "web-2"]]);
  // The operator's own were read before the exchange, and are now read from another watch.
  expect(synced.sort()).toEqual(["shop", "shop", "system"]);
  expect(changes).toHaveLength(1);
  api.put("shop", "web-2", false);
  await until("the new watch tells", () => changes.length === 2);
});

test("every pod is told once, also while two watches know it", async () => {
  api.put("shop", "web-1");
  api.put("system", "operator-1");
  const all = () => [...watches.all()].map(({ name }) => name).sort();
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await untilWatched([ALL]);
  expect(all()).toEqual(["operator-1", "web-1"]);
  api.holds = (path) => path.includes("/shop/");
  synced = [];
  watches.follow(["shop"]);
  await until("the operator's own are read twice", () => synced.includes("system"));
  expect(all()).toEqual(["operator-1", "web-1"]);
  api.release();
  await untilWatched(podsOf("shop", "system"));
  expect(all()).toEqual(["operator-1", "web-1"]);
});

test("a plan that changes before it is carried out leaves no watch behind", async () => {
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  api.holds = (path) => path === ALL;
  watches.follow(many(MOST_WATCHED_NAMESPACES + 1));
  await until("all pods are listed", () => api.seen.at(-1)?.path === ALL);
  watches.follow(["shop"]);
  api.release();
  await untilWatched(podsOf("shop", "system"));
  expect(watches.synced("shop")).toBe(true);
});

test("pods are not listed again by time", async () => {
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  const lists = () => api.seen.filter(({ query }) => query.has("limit")).length;
  const before = lists();
  // Longer than any watch's time between two lists.
  const clock = runAhead(86_400_000);
  api.endWatches();
  await untilWatched([]);
  clock.mockRestore();
  await untilWatched(podsOf("shop", "system"));
  expect(lists()).toBe(before);
});

test("tells of the watch that was silent longest, and stop ends all of them", async () => {
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  api.put("shop", "web-1");
  await until("a change", () => changes.length === 1);
  expect(watches.secondsSinceLastEvent()).toBeGreaterThan(0.29);
  await watches.stop();
  await untilWatched([]);
});

test("a pod that begins to be deleted is told as gone, once, and stays known until it is", async () => {
  api.put("shop", "web-1");
  watches.follow(["shop"]);
  await untilWatched(podsOf("shop", "system"));
  await until("the pod is known", () => names("shop").length === 1);
  changes.length = 0;
  api.end("shop", "web-1");
  await until("it is being deleted", () => watches.terminating("shop").length === 1);
  expect(names("shop")).toEqual([]);
  api.end("shop", "web-1");
  api.remove("shop", "web-1");
  await until("it is gone", () => watches.terminating("shop").length === 0);
  expect(changes.map(({ old, now }) => [old?.name, now?.name])).toEqual([["web-1", undefined]]);
});
