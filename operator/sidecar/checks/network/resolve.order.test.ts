/** Which of a host's addresses come first. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createResolve, type Resolve } from "./resolve.ts";
import type { FakeAnswer } from "./testing/fake-dns.ts";
import { type Lookups, look, startLookups } from "./testing/lookups.ts";

const HOST = "several.test.";
const SEVERAL = ["10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.3"];
/** Of the other family, one stays in its place. */
const WITH_1_LAST = ["10.0.0.2", "2001:db8::1", "10.0.0.3", "10.0.0.1"];
const WITH_2_LAST = ["10.0.0.1", "2001:db8::1", "10.0.0.3", "10.0.0.2"];

let lookups: Lookups;
let answer: FakeAnswer;
let clock: number;
let resolve: Resolve;
beforeAll(async () => {
  lookups = await startLookups(
    () => answer,
    () => 10,
  );
});
afterAll(() => lookups?.close());

const lookedUp = () => resolve(HOST, new AbortController().signal, { budgetMilliseconds: 1_000 });
/** A check was connected to that address, and failed. */
const failedAt = async (address: string) => (await lookedUp()).outdate(address);

beforeEach(async () => {
  clock = 1_000_000;
  resolve = createResolve({ ...lookups.sources, now: () => clock });
  answer = SEVERAL;
  expect(await look(HOST, resolve)).toEqual(SEVERAL);
  await failedAt("10.0.0.1");
});

test("the one whose server failed a check is the last of its family, also once it was looked up again", async () => {
  expect(await look(HOST, resolve)).toEqual(WITH_1_LAST);
  clock += 31_000;
  expect(await look(HOST, resolve)).toEqual(WITH_1_LAST);
});

test("also while name servers are dead", async () => {
  answer = "SERVFAIL";
  expect(await look(HOST, resolve)).toEqual(WITH_1_LAST);
});

test("until another one fails a check", async () => {
  await failedAt("10.0.0.2");
  expect(await look(HOST, resolve)).toEqual(WITH_2_LAST);
});

test("as name servers say where it is none of them any more", async () => {
  answer = ["10.0.0.3", "10.0.0.2"];
  expect(await look(HOST, resolve)).toEqual(answer);
});

test("as name servers say once no connection has come of any", async () => {
  (await lookedUp()).searchAgain();
  expect(await look(HOST, resolve)).toEqual(SEVERAL);
});
