/** Names that lead to an address that no server has, as name servers answer for those that they block. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createResolve, type Resolve } from "./resolve.ts";
import type { FakeAnswer } from "./testing/fake-dns.ts";
import { type Lookups, look, startLookups } from "./testing/lookups.ts";

const ANSWERS: Record<string, FakeAnswer> = {
  "A blocked.test": ["0.0.0.0"],
  "AAAA blocked.test": ["::"],
  "A one-family.test": ["0.0.0.0"],
  "A this-network.test": ["0.1.2.3"],
  "A multicast.test": ["224.0.0.1"],
  "AAAA multicast.test": ["ff02::1"],
  "A broadcast.test": ["255.255.255.255"],
  "AAAA dns64.test": ["64:ff9b::"],
  "A mixed.test": ["0.0.0.0", "10.0.0.1"],
  "AAAA mixed.test": ["::"],
  "A metadata.test": ["0.0.0.0", "169.254.169.254"],
  "A db.shop.svc.test": ["0.0.0.0"],
  "A db.svc.test": ["10.0.0.2"],
};

let lookups: Lookups;
let clock = 0;
let resolve: Resolve;
beforeAll(async () => {
  lookups = await startLookups(
    (name, type) => ANSWERS[`${type} ${name}`] ?? "NODATA",
    () => 30,
  );
  const { sources } = lookups;
  writeFileSync(sources.hostsPath, "0.0.0.0 listed.test\n10.9.9.9 both.test\n0.0.0.0 both.test\n");
  resolve = createResolve({ ...sources, now: () => clock });
});
afterAll(() => lookups?.close());

test.each<[string, string[] | string]>([
  ["blocked.test.", "HostNotFound"],
  ["one-family.test.", "HostNotFound"],
  ["this-network.test.", "HostNotFound"],
  ["multicast.test.", "HostNotFound"],
  ["broadcast.test.", "HostNotFound"],
  ["dns64.test.", "HostNotFound"],
  ["listed.test", "HostNotFound"],
  // Apps go on to the next address.
  ["mixed.test.", ["10.0.0.1"]],
  ["both.test", ["10.9.9.9"]],
  // The app may reach what a check may not dial.
  ["metadata.test.", "Misconfigured"],
  // Nobody but the policy or the Secret says these.
  ["0.0.0.0", "Misconfigured"],
  ["::", "Misconfigured"],
  ["224.0.0.1", "Misconfigured"],
])("%s: %j", async (host, expected) => {
  expect(await look(host, resolve)).toEqual(expected);
});

test("the log says what is wrong with the name", async () => {
  const looking = resolve("blocked.test.", new AbortController().signal, {
    budgetMilliseconds: 1_000,
  });
  await expect(looking).rejects.toMatchObject({ problem: expect.stringContaining("0.0.0.0") });
});

test("no later name of the search list counts, as apps ask for none", async () => {
  expect(await look("db", resolve)).toBe("HostNotFound");
});

test("what is remembered of such a name is asked for anew, under all names of the search list", async () => {
  ANSWERS["A moves.svc.test"] = ["10.0.0.3"];
  expect(await look("moves", resolve)).toEqual(["10.0.0.3"]);
  ANSWERS["A moves.svc.test"] = ["0.0.0.0"];
  clock += 30_000;
  expect(await look("moves", resolve)).toBe("HostNotFound");
  ANSWERS["A moves.shop.svc.test"] = ["10.0.0.4"];
  expect(await look("moves", resolve)).toEqual(["10.0.0.4"]);
});
