/** Objects that are far larger when they are parsed, read by watches with the image's settings. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { until } from "./testing/fake-api-server.ts";
import { event, type FakeCollection, startFakeCollection } from "./testing/fake-collection.ts";

// Machines that run everything at once are slow.
jest.setTimeout(60_000);

const PROGRAM = join(import.meta.dirname, "testing", "watch-program.ts");
/** Those of the operator in the Dockerfile, and the heap that the chart's limit of 256Mi gives. */
const ARGUMENTS = ["--max-old-space-size=128", "--max-semi-space-size=2"];
/** As the `imagePullSecrets` of a pod: 3 bytes each, and 64 parsed. */
const empties = (count: number) => Array(count).fill({});

/** Where it runs out of memory it ends by a signal. */
const IN_GOOD_ORDER = [0, null];

let fake: FakeCollection;
let program: ChildProcess;

/** Starts so many watches that are to read so many objects each; resolves with how that ended. */
async function read(watches: number, objects: number): Promise<unknown[]> {
  const counts = [watches, objects].map(String);
  const { execPath } = process;
  program = fork(PROGRAM, [fake.url, ...counts], { execPath, execArgv: ARGUMENTS });
  return await once(program, "exit");
}

beforeEach(async () => {
  fake = await startFakeCollection();
});

afterEach(async () => {
  program.kill();
  await fake.close();
});

test("watches that wait keep nothing of the object that they read last", async () => {
  const watches = 15;
  fake.watchList = true;
  const ended = read(watches, 1);
  await until("all watches to be open", () => fake.openWatches() === watches);
  const metadata = { name: "a", namespace: "space", resourceVersion: "200" };
  fake.write(event("ADDED", { metadata, ballast: empties(300_000) }));
  expect(await ended).toStrictEqual(IN_GOOD_ORDER);
});

test.each([
  ["12 MB each, three to a page", 8, 195_000],
  ["19 MB each", 16, 300_000],
  ["the densest that are stored, 50 MB each", 4, 780_000],
])("pages of objects do not come side by side: %s", async (_what, objects, count) => {
  fake.ballast = empties(count);
  for (let object = 0; object < objects; object += 1) fake.put(`thing-${object}`, "");
  expect(await read(1, objects)).toStrictEqual(IN_GOOD_ORDER);
});
