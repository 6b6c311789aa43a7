import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually, leavingNothing } from "../testing/contract.ts";
import { createResolve, type Resolve, type ResolveSources } from "./resolve.ts";
import { type FakeAnswer, type FakeDns, startFakeDns } from "./testing/fake-dns.ts";

/** How long a lookup may take in these tests, in milliseconds, and what a busy machine may add. */
const LIMIT = 400;
const GRACE = 500;

const NAMES: Record<string, FakeAnswer> = {
  "db.shop.svc.test": ["10.0.0.1"],
  "six.test": ["2001:db8::1"],
  "both.test": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"],
  "no-a.test": ["2001:db8::1"],
  "no-aaaa.test": ["10.0.0.1"],
  "many.test": Array.from({ length: 40 }, (_, index) => `10.0.1.${index}`),
  "metadata.test": ["10.0.0.1", "169.254.169.254"],
  "silent.test": "silence",
  "broken.test": "SERVFAIL",
  "refused.test": "REFUSED",
  "empty.test": "NODATA",
  "half.test": ["10.0.0.1"],
};

/** Times to live in seconds; a name without one may not be remembered. */
const TTL_SECONDS: Record<string, number> = {
  "kept.test": 10,
  "long.test": 200,
  "kept.shop.svc.test": 10,
  "kept.svc.test": 10,
  "metadata.test": 10,
};

let folder: string;
let dns: FakeDns;
let sources: ResolveSources;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "healthpolicy-resolve-"));
  dns = await startFakeDns(
    (name, type) => {
      if (name === `no-${type.toLowerCase()}.test`) return "silence";
      if (name === "half.test" && type === "AAAA") return "SERVFAIL";
      return NAMES[name] ?? [];
    },
    (name) => TTL_SECONDS[name] ?? 0,
  );
  sources = {
    hostsPath: join(folder, "hosts"),
    resolvConfPath: join(folder, "resolv.conf"),
    servers: [dns.server],
  };
  writeFileSync(sources.hostsPath, "127.0.0.1 localhost\n::1 localhost\n10.9.9.9 listed.test\n");
  writeFileSync(sources.resolvConfPath, "search shop.svc.test svc.test\noptions ndots:2\n");
});
afterEach(() => {
  dns.questions.length = 0;
});
afterAll(async () => {
  await dns.close();
  rmSync(folder, { recursive: true });
});

/** What a lookup gives: addresses, or a reason. */
async function look(
  host: string,
  resolve = createResolve(sources),
  limit = LIMIT,
): Promise<string[] | string> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limit);
  const started = performance.now();
  try {
    return (await resolve(host, controller.signal)).addresses;
  } catch (error) {
    return (error as { reason: string }).reason;
  } finally {
    clearTimeout(timer);
    expect(performance.now() - started).toBeLessThan(limit + GRACE);
  }
}

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
  expect(await leavingNothing(() => look(host))).toEqual(expected);
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

test("a silent name server: ends with the signal, and nothing runs on", async () => {
  expect(await leavingNothing(() => look("silent.test."))).toBe("CheckTimeout");
  // A question that is still open is sent again after a second.
  await sleep(1_200);
  expect(dns.questions).toHaveLength(2);
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
    Promise.all(limits.map((limit) => look("silent.test.", resolve, limit))),
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
  expect(await Promise.all([waiting, look("waiting.test.", resolve, 100)])).toEqual(
    Array(2).fill("CheckTimeout"),
  );
  expect(dns.questions.filter((question) => question === "A waiting.test")).toHaveLength(1);
});

test("one that joined late gets the answer although the first gave up", async () => {
  NAMES["slow.test"] = "silence";
  const resolve = createResolve(sources);
  const first = look("slow.test.", resolve, 100);
  const second = look("slow.test.", resolve, 3_000);
  expect(await first).toBe("CheckTimeout");
  NAMES["slow.test"] = ["10.0.0.8"];
  // The question is sent again after a second.
  expect(await second).toEqual(["10.0.0.8"]);
  expect(await eventually(() => dns.questions.length >= 3)).toBe(true);
});

describe("what was found", () => {
  let clock: number;
  let resolve: Resolve;
  const seconds = (count: number) => {
    clock += count * 1_000;
  };
  /** The addresses, and the questions that it took. */
  async function asking(host: string): Promise<[string[] | string, string[]]> {
    dns.questions.length = 0;
    const result = await look(host, resolve);
    return [result, dns.questions.filter((question) => question.startsWith("A ")).sort()];
  }
  const forget = async (host: string) =>
    (await resolve(host, new AbortController().signal)).forget();

  beforeEach(() => {
    clock = 1_000_000;
    resolve = createResolve({ ...sources, now: () => clock });
    NAMES["kept.test"] = ["10.0.0.1"];
    NAMES["long.test"] = ["10.0.0.2"];
    NAMES["kept.svc.test"] = ["10.0.0.3"];
    delete NAMES["kept.shop.svc.test"];
  });

  test("serves for its time to live and no longer", async () => {
    const question = ["A kept.test"];
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], question]);
    NAMES["kept.test"] = ["10.0.0.9"];
    seconds(9.9);
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], []]);
    seconds(0.1);
    expect(await asking("kept.test.")).toEqual([["10.0.0.9"], question]);
  });

  test("serves by the program's own clock", async () => {
    resolve = createResolve(sources);
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], ["A kept.test"]]);
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], []]);
  });

  test("serves for 30 s at most", async () => {
    await asking("long.test.");
    seconds(29.9);
    expect(await asking("long.test.")).toEqual([["10.0.0.2"], []]);
    seconds(0.1);
    expect(await asking("long.test.")).toEqual([["10.0.0.2"], ["A long.test"]]);
  });

  test("is not kept where the name server says so, nor is that there is no such name", async () => {
    for (const _ of [1, 2]) {
      expect(await asking("both.test.")).toEqual([expect.anything(), ["A both.test"]]);
      expect(await asking("none.test.")).toEqual(["HostNotFound", ["A none.test"]]);
      expect(await asking("broken.test.")).toEqual(["ResolverFailed", ["A broken.test"]]);
    }
  });

  test("is remembered of each host, not of the last one alone", async () => {
    await asking("kept.test.");
    await asking("long.test.");
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], []]);
    expect(await asking("long.test.")).toEqual([["10.0.0.2"], []]);
  });

  test("serves on while name servers are dead", async () => {
    await asking("kept.test.");
    NAMES["kept.test"] = "SERVFAIL";
    seconds(9);
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], []]);
    seconds(1);
    expect(await asking("kept.test.")).toEqual(["ResolverFailed", ["A kept.test"]]);
  });

  test("starts with the name of the search list that answered, when its addresses are too old", async () => {
    const whole = ["A kept.shop.svc.test", "A kept.svc.test"];
    expect(await asking("kept")).toEqual([["10.0.0.3"], whole]);
    seconds(60);
    expect(await asking("kept")).toEqual([["10.0.0.3"], ["A kept.svc.test"]]);
  });

  test("is looked for under all names again once that one has gone", async () => {
    await asking("kept");
    seconds(60);
    delete NAMES["kept.svc.test"];
    NAMES["kept.shop.svc.test"] = ["10.0.0.5"];
    const both = ["A kept.shop.svc.test", "A kept.svc.test"];
    expect(await asking("kept")).toEqual([["10.0.0.5"], both]);
  });

  test("is looked for under all names every five minutes, as the app does", async () => {
    await asking("kept");
    NAMES["kept.shop.svc.test"] = ["10.0.0.5"];
    for (let passed = 0; passed < 290; passed += 10) {
      seconds(10);
      expect(await asking("kept")).toEqual([["10.0.0.3"], ["A kept.svc.test"]]);
    }
    seconds(10);
    expect(await asking("kept")).toEqual([["10.0.0.5"], ["A kept.shop.svc.test"]]);
  });

  test("is forgotten with the name that answered when no connection comes of it", async () => {
    await asking("kept");
    await forget("kept");
    NAMES["kept.shop.svc.test"] = ["10.0.0.5"];
    expect(await asking("kept")).toEqual([["10.0.0.5"], ["A kept.shop.svc.test"]]);
  });

  test("is not forgotten for the sake of an older answer", async () => {
    const old = await resolve("kept.test.", new AbortController().signal);
    seconds(10);
    await asking("kept.test.");
    old.forget();
    expect(await asking("kept.test.")).toEqual([["10.0.0.1"], []]);
  });

  test("is held against the list of refused addresses each time", async () => {
    for (const _ of [1, 2]) expect(await look("metadata.test.", resolve)).toBe("Misconfigured");
  });

  test("in the hosts file is read again after 30 s, or when no connection comes of it", async () => {
    const hosts = (address: string) => writeFileSync(sources.hostsPath, `${address} listed.test\n`);
    const before = readFileSync(sources.hostsPath, "utf8");
    expect(await look("listed.test", resolve)).toEqual(["10.9.9.9"]);
    hosts("10.9.9.8");
    seconds(29.9);
    expect(await look("listed.test", resolve)).toEqual(["10.9.9.9"]);
    seconds(0.1);
    expect(await look("listed.test", resolve)).toEqual(["10.9.9.8"]);
    hosts("10.9.9.7");
    await forget("listed.test");
    expect(await look("listed.test", resolve)).toEqual(["10.9.9.7"]);
    writeFileSync(sources.hostsPath, before);
  });
});

describe("the load on name servers: 60 checks, one every 5 s, in a pod as Kubernetes makes it", () => {
  const SEARCH = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "node.example"];
  const CHECKS = 60;

  /** Questions in all, with answers that live for `ttl` seconds. */
  async function questionsFor(host: string, name: string, ttl: number): Promise<number> {
    const cluster = await startFakeDns(
      (asked) => (asked === name ? ["10.0.0.1"] : []),
      () => ttl,
    );
    const resolvConfPath = join(folder, "resolv.conf.kubernetes");
    writeFileSync(resolvConfPath, `search ${SEARCH.join(" ")}\noptions ndots:5\n`);
    let clock = 0;
    const servers = [cluster.server];
    const resolve = createResolve({ ...sources, resolvConfPath, servers, now: () => clock });
    for (let check = 0; check < CHECKS; check += 1) {
      expect(await look(host, resolve)).toEqual(["10.0.0.1"]);
      clock += 5_000;
    }
    await cluster.close();
    return cluster.questions.length;
  }

  // Without a memory it would be 2 for each name up to the one that answers, 60 times.
  test.each([
    ["orders-db", "orders-db.shop.svc.cluster.local", 30, 20],
    ["orders-db", "orders-db.shop.svc.cluster.local", 5, 120],
    ["orders-db.shop", "orders-db.shop.svc.cluster.local", 30, 22],
    ["orders-db.shop", "orders-db.shop.svc.cluster.local", 5, 122],
    ["db.example.com", "db.example.com", 30, 28],
    ["db.example.com", "db.example.com", 5, 128],
    ["db.example.com.", "db.example.com", 30, 20],
    ["db.example.com.", "db.example.com", 5, 120],
  ])("%s as %s, for %d s: %d questions", async (host, name, ttl, questions) => {
    expect(await questionsFor(host, name, ttl)).toBe(questions);
  });
});
