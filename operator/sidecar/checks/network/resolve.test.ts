import { pbkdf2 } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually, leavingNothing } from "../testing/contract.ts";
import {
  createResolve,
  LOOKUP_MILLISECONDS,
  QUERY_MILLISECONDS,
  type ResolveSources,
} from "./resolve.ts";
import { type FakeAnswer, type FakeDns, startFakeDns } from "./testing/fake-dns.ts";
import { type Lookups, look as lookUp, startLookups } from "./testing/lookups.ts";

/** By name, or by type and name where the types differ. */
const NAMES: Record<string, FakeAnswer> = {
  "db.shop.svc.test": ["10.0.0.1"],
  "six.test": ["2001:db8::1"],
  "both.test": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"],
  "no-a.test": ["2001:db8::1"],
  "A no-a.test": "silence",
  "no-aaaa.test": ["10.0.0.1"],
  "AAAA no-aaaa.test": "silence",
  "many.test": Array.from({ length: 40 }, (_, index) => `10.0.1.${index}`),
  "metadata.test": ["10.0.0.1", "169.254.169.254"],
  "silent.test": "silence",
  "broken.test": "SERVFAIL",
  "refused.test": "REFUSED",
  "empty.test": "NODATA",
  "half.test": ["10.0.0.1"],
  "AAAA half.test": "SERVFAIL",
  "late.svc.test": ["10.0.0.1"],
  "AAAA late.svc.test": "silence",
  "AAAA dropped.shop.svc.test": "silence",
  "dropped.svc.test": ["10.0.0.1"],
  "AAAA dropped.svc.test": "silence",
};

let lookups: Lookups;
let dns: FakeDns;
let folder: string;
let sources: ResolveSources;
beforeAll(async () => {
  lookups = await startLookups(
    (name, type) => NAMES[`${type} ${name}`] ?? NAMES[name] ?? [],
    () => 0,
  );
  ({ dns, folder, sources } = lookups);
});
afterEach(() => {
  dns.questions.length = 0;
});
afterAll(() => lookups?.close());

const look = (host: string, resolve = createResolve(sources), limits = {}) =>
  lookUp(host, resolve, limits);

test.each<[string, string[] | string, string[]]>([
  ["127.0.0.1", ["127.0.0.1"], []],
  ["::1", ["::1"], []],
  ["localhost", ["127.0.0.1", "::1"], []],
  ["listed.test", ["10.9.9.9"], []],
  ["db", ["10.0.0.1"], ["A db.shop.svc.test", "AAAA db.shop.svc.test"]],
  ["six.test.", ["2001:db8::1"], ["A six.test", "AAAA six.test"]],
  [
    "both.test.",
    ["10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.3"],
    ["A both.test", "AAAA both.test"],
  ],
  ["none.test.", "HostNotFound", ["A none.test", "AAAA none.test"]],
  ["169.254.169.254", "Misconfigured", []],
  ["fe80::1%lo", "Misconfigured", []],
  ["metadata.test.", "Misconfigured", ["A metadata.test", "AAAA metadata.test"]],
  ["", "Misconfigured", []],
  ["a b", "Misconfigured", []],
  ["http://db", "Misconfigured", []],
  ["db\0", "Misconfigured", []],
  ["2130706433", "HostNotFound", expect.anything() as never],
])("%j: %j", async (host, expected, questions) => {
  expect(await leavingNothing(() => look(host))).toEqual(expected);
  expect([...dns.questions].sort()).toEqual(questions);
});

test("the search list in its order, then the name as it stands", async () => {
  expect(await look("none")).toBe("HostNotFound");
  const names = dns.questions.filter((question) => question.startsWith("A "));
  expect(names).toEqual(["A none.shop.svc.test", "A none.svc.test", "A none"]);
});

test.each([
  ["no-aaaa.test.", ["10.0.0.1"]],
  ["no-a.test.", ["2001:db8::1"]],
])("one family is never answered: %s", async (host, expected) => {
  const resolve = createResolve(sources);
  const limits = { limit: 900, budget: 900 };
  expect(await leavingNothing(() => look(host, resolve, limits))).toEqual(expected);
});

test.each([
  ["none.test.", "HostNotFound"],
  ["empty.test.", "HostNotFound"],
  ["broken.test.", "ResolverFailed"],
  ["refused.test.", "ResolverFailed"],
  // One family is enough, whatever becomes of the other.
  ["half.test.", ["10.0.0.1"]],
])("what name servers answer: %s %j", async (host, expected) => {
  expect(await leavingNothing(() => look(host))).toEqual(expected);
});

test("a name server that fails for one name of the search list may know the others", async () => {
  NAMES["part.shop.svc.test"] = "SERVFAIL";
  expect(await look("part")).toBe("ResolverFailed");
  NAMES["part.svc.test"] = ["10.0.0.4"];
  expect(await look("part")).toEqual(["10.0.0.4"]);
});

test("no name server listens: ResolverFailed, not ConnectionRefused", async () => {
  const closed = await startFakeDns(() => []);
  await closed.close();
  const resolve = createResolve({ ...sources, servers: [closed.server] });
  expect(await leavingNothing(() => look("db", resolve))).toBe("ResolverFailed");
});

test("no name servers are named: those of the system", async () => {
  const { servers: _, ...files } = sources;
  expect(await look("listed.test", createResolve(files))).toEqual(["10.9.9.9"]);
});

test("a hosts file is read up to its bound", async () => {
  const hostsPath = join(folder, "hosts.large");
  writeFileSync(hostsPath, `10.0.0.1 near.test\n${"#".repeat(256 * 1024)}\n10.0.0.2 far.test\n`);
  const resolve = createResolve({ ...sources, hostsPath });
  expect(await look("near.test", resolve)).toEqual(["10.0.0.1"]);
  expect(await look("far.test", resolve)).toBe("HostNotFound");
});

test("more addresses than are used", async () => {
  expect(await look("many.test.")).toHaveLength(16);
});

test("no hosts file and no resolv.conf: the name as it stands", async () => {
  const missing = join(folder, "missing");
  const resolve = createResolve({ ...sources, hostsPath: missing, resolvConfPath: missing });
  expect(await look("both.test", resolve)).toHaveLength(4);
});

test("threads that are busy keep no lookup waiting", async () => {
  let isThreadFree = false;
  // As many as there are threads.
  const busy = Array.from({ length: 4 }, () => promisify(pbkdf2)("x", "y", 200_000, 64, "sha512"));
  const first = Promise.any(busy).then(() => {
    isThreadFree = true;
  });
  expect(await look("listed.test")).toStrictEqual(["10.9.9.9"]);
  expect(await look("six.test.")).toStrictEqual(["2001:db8::1"]);
  expect(isThreadFree).toBe(false);
  await Promise.all([first, ...busy]);
});

test("a silent name server: ends with the signal, and nothing runs on", async () => {
  expect(await leavingNothing(() => look("silent.test."))).toBe("CheckTimeout");
  // A question that is still open is sent again after a second.
  await sleep(1_200);
  expect(dns.questions).toHaveLength(2);
});

test("what a lookup takes is told, with each name server that is asked, in place of silent ones too", async () => {
  const others = [await startFakeDns(() => "silence"), await startFakeDns(() => "silence")];
  let told = 0;
  const resolve = createResolve({
    ...sources,
    servers: [dns, ...others].map(({ server }) => server),
  });
  const options = {
    budgetMilliseconds: 800,
    onCost: (cpuMilliseconds: number) => {
      told += cpuMilliseconds;
    },
  };
  const signal = AbortSignal.timeout(900);
  await expect(resolve("silent.test.", signal, options)).rejects.toBeDefined();
  await Promise.all(others.map((other) => other.close()));
  // Each of the three in both families.
  expect(told).toBeCloseTo(LOOKUP_MILLISECONDS + 6 * QUERY_MILLISECONDS);
});

describe("within 900 ms for lookup and connection", () => {
  const limits = { limit: 900, budget: 900 };
  let other: FakeDns | undefined;
  afterEach(async () => {
    await other?.close();
    other = undefined;
  });

  test("a silent name server before one that answers is not waited for too long", async () => {
    other = await startFakeDns(() => "silence");
    const resolve = createResolve({ ...sources, servers: [other.server, dns.server] });
    expect(await leavingNothing(() => look("both.test.", resolve, limits))).toHaveLength(4);
    expect(other.questions).toHaveLength(2);
  });

  test("what was waited for the first name of the search list is not waited for the next as well", async () => {
    other = await startFakeDns(() => "silence");
    const resolve = createResolve({ ...sources, servers: [other.server, dns.server] });
    expect(await leavingNothing(() => look("late", resolve, limits))).toEqual(["10.0.0.1"]);
  });

  test("a name that does not exist in one family is not waited for in the other to the end", async () => {
    expect(await leavingNothing(() => look("dropped", undefined, limits))).toEqual(["10.0.0.1"]);
    // That it does not exist is not sure, as long as the other family says nothing.
    NAMES["dropped.svc.test"] = [];
    expect(await look("dropped", undefined, limits)).toBe("ResolverFailed");
  });

  test("an address of the last name is found late, also where there is said to be no such name for IPv6", async () => {
    other = await startFakeDns(async (name, type): Promise<FakeAnswer> => {
      if (name !== "late.right.test" || type === "AAAA") return "NXDOMAIN";
      // Unreferenced, for the answer of a fake is nothing that we leave behind.
      return await sleep<FakeAnswer>(550, ["10.0.0.1"], { ref: false });
    });
    const resolve = createResolve({ ...sources, servers: [other.server] });
    const found = await leavingNothing(() => look("late.right.test.", resolve, limits));
    expect(found).toEqual(["10.0.0.1"]);
  });

  test("names that do not exist and are never answered for IPv6 leave time, however many", async () => {
    other = await startFakeDns((name, type) => {
      if (type === "AAAA") return "silence";
      return name === "db.right.test" ? ["10.0.0.1"] : [];
    });
    const domains = Array.from({ length: 9 }, (_, index) => `d${index}.test`);
    const resolvConfPath = join(folder, "resolv.conf.long");
    writeFileSync(resolvConfPath, `search ${domains.join(" ")} right.test\n`);
    const resolve = createResolve({ ...sources, resolvConfPath, servers: [other.server] });
    expect(await leavingNothing(() => look("db", resolve, limits))).toEqual(["10.0.0.1"]);
  });

  test("a question that gets lost is asked again", async () => {
    const asked = new Set<string>();
    other = await startFakeDns((_, type) => {
      const isFirst = !asked.has(type);
      asked.add(type);
      return isFirst ? "silence" : ["10.0.0.1"];
    });
    const resolve = createResolve({ ...sources, servers: [other.server] });
    expect(await leavingNothing(() => look("lost.test.", resolve, limits))).toEqual(["10.0.0.1"]);
  });
});

test("a lookup that ended asks for no more names of the search list", async () => {
  NAMES["gone.shop.svc.test"] = "silence";
  expect(await look("gone")).toBe("CheckTimeout");
  await sleep(200);
  expect([...dns.questions].sort()).toEqual(["A gone.shop.svc.test", "AAAA gone.shop.svc.test"]);
});

test("six checks of one host at once ask once, whoever gives up first; the next one asks again", async () => {
  const resolve = createResolve(sources);
  const limits = [100, 200, 300, 400, 400, 400];
  const results = await leavingNothing(() =>
    Promise.all(limits.map((limit) => look("silent.test.", resolve, { limit }))),
  );
  expect(results).toEqual(Array(6).fill("CheckTimeout"));
  expect([...dns.questions].sort()).toEqual(["A silent.test", "AAAA silent.test"]);
  NAMES["silent.test"] = ["10.0.0.7"];
  expect(await look("silent.test.", resolve)).toEqual(["10.0.0.7"]);
});

test("the end of one host's lookup leaves another's to those who come later", async () => {
  NAMES["waiting.test"] = "silence";
  const resolve = createResolve(sources);
  const waiting = look("waiting.test.", resolve);
  expect(await look("both.test.", resolve)).toHaveLength(4);
  expect(await Promise.all([waiting, look("waiting.test.", resolve, { limit: 100 })])).toEqual(
    Array(2).fill("CheckTimeout"),
  );
  expect(dns.questions.filter((question) => question === "A waiting.test")).toHaveLength(1);
});

test("one that joined late gets the answer although the first gave up", async () => {
  NAMES["slow.test"] = "silence";
  const resolve = createResolve(sources);
  const first = look("slow.test.", resolve, { limit: 100 });
  const second = look("slow.test.", resolve, { limit: 3_000 });
  expect(await first).toBe("CheckTimeout");
  NAMES["slow.test"] = ["10.0.0.8"];
  // The question is sent again after a second.
  expect(await second).toEqual(["10.0.0.8"]);
  expect(await eventually(() => dns.questions.length >= 3)).toBe(true);
});
