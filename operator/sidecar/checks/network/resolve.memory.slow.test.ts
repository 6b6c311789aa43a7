/** What is kept of a lookup, and what that spares the name servers. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { CheckError } from "../check.ts";
import { createResolve, type Resolve, type ResolveSources } from "./resolve.ts";
import { type FakeAnswer, type FakeDns, startFakeDns } from "./testing/fake-dns.ts";
import { type Lookups, look, startLookups } from "./testing/lookups.ts";

const NAMES: Record<string, FakeAnswer> = {
  "both.test": ["10.0.0.1", "2001:db8::1"],
  "metadata.test": ["10.0.0.1", "169.254.169.254"],
  "broken.test": "SERVFAIL",
};

/** Times to live in seconds; a name without one may not be remembered. */
const TTL_SECONDS: Record<string, number> = {
  "kept.test": 10,
  "long.test": 200,
  "kept.shop.svc.test": 10,
  "kept.svc.test": 10,
  "metadata.test": 10,
};

let lookups: Lookups;
let dns: FakeDns;
let folder: string;
let sources: ResolveSources;
beforeAll(async () => {
  lookups = await startLookups(
    (name) => NAMES[name] ?? [],
    (name) => TTL_SECONDS[name] ?? 0,
  );
  ({ dns, folder, sources } = lookups);
});
afterAll(() => lookups?.close());

describe("what was found", () => {
  let clock: number;
  let resolve: Resolve;
  const seconds = (count: number) => {
    clock += count * 1_000;
  };
  /** The addresses, and the questions that it took. */
  async function asking(host: string, limits = {}): Promise<[string[] | string, string[]]> {
    dns.questions.length = 0;
    const result = await look(host, resolve, limits);
    return [result, dns.questions.filter((question) => question.startsWith("A ")).sort()];
  }
  const lookedUp = (host: string) =>
    resolve(host, new AbortController().signal, { budgetMilliseconds: 1_000 });
  const forget = async (host: string) => (await lookedUp(host)).searchAgain();
  const outdate = async (host: string) => (await lookedUp(host)).outdate();

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

  test("serves for 5 s at least, whatever the name server says", async () => {
    await asking("both.test.");
    seconds(4.9);
    expect(await asking("both.test.")).toEqual([expect.anything(), []]);
    seconds(0.1);
    expect(await asking("both.test.")).toEqual([expect.anything(), ["A both.test"]]);
  });

  test("is not kept where it is that there is no such name, or none that a name server tells", async () => {
    for (const _ of [1, 2]) {
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

  describe("and was outdated by a check that failed", () => {
    /** Five eighths of the budget are over before the limit. */
    const limits = { limit: 400, budget: 600 };
    beforeEach(() => outdate("kept.test."));

    test.each<[FakeAnswer, string]>([
      ["SERVFAIL", "ResolverFailed"],
      ["silence", "CheckTimeout"],
    ])("serves on while name servers are dead, for its old time: %s", async (dead, failure) => {
      NAMES["kept.test"] = dead;
      seconds(9.9);
      for (const _ of [1, 2]) {
        const [addresses, questions] = await asking("kept.test.", limits);
        expect(addresses).toEqual(["10.0.0.1"]);
        expect(questions).toContain("A kept.test");
      }
      seconds(0.1);
      expect(await look("kept.test.", resolve, limits)).toBe(failure);
    });

    test("is gone once name servers say so", async () => {
      NAMES["kept.test"] = [];
      expect(await look("kept.test.", resolve)).toBe("HostNotFound");
      NAMES["kept.test"] = "SERVFAIL";
      expect(await look("kept.test.", resolve)).toBe("ResolverFailed");
    });

    test.each<[string, FakeAnswer, string[] | string]>([
      ["that it is elsewhere", ["10.0.0.9"], ["10.0.0.9"]],
      ["that it is gone", [], "HostNotFound"],
    ])(
      "serves no more where another name server than a dead one says %s",
      async (_, answer, now) => {
        // Beside it half of the budget is over before another is believed that there is no such name.
        const dead = await startFakeDns(() => "silence");
        const servers = [dead.server, dns.server];
        resolve = createResolve({ ...sources, servers, now: () => clock });
        await outdate("kept");
        NAMES["kept.svc.test"] = answer;
        expect(await look("kept", resolve, { limit: 2_000, budget: 2_000 })).toEqual(now);
        await dead.close();
      },
    );

    test("serves whoever has no more patience, and the others get what name servers say", async () => {
      NAMES["kept.test"] = "silence";
      const first = look("kept.test.", resolve, limits);
      const second = look("kept.test.", resolve, { limit: 3_000 });
      expect(await first).toEqual(["10.0.0.1"]);
      NAMES["kept.test"] = ["10.0.0.9"];
      expect(await second).toEqual(["10.0.0.9"]);
      expect(await asking("kept.test.")).toEqual([["10.0.0.9"], []]);
    });

    test("is of no use to a check whose own time is over", async () => {
      NAMES["kept.test"] = "silence";
      const controller = new AbortController();
      const checking = resolve("kept.test.", controller.signal, { budgetMilliseconds: 600 });
      controller.abort(new CheckError("ConnectTimeout"));
      await expect(checking).rejects.toThrow("ConnectTimeout");
    });
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

  test("is looked for under all names again where a name server failed for one of them", async () => {
    NAMES["kept.shop.svc.test"] = "SERVFAIL";
    const both = ["A kept.shop.svc.test", "A kept.svc.test"];
    expect(await asking("kept")).toEqual([["10.0.0.3"], both]);
    NAMES["kept.shop.svc.test"] = ["10.0.0.5"];
    seconds(60);
    expect(await asking("kept")).toEqual([["10.0.0.5"], ["A kept.shop.svc.test"]]);
  });

  test.each<FakeAnswer>(["SERVFAIL", "silence"])(
    "is looked for under all names again where another name server answered for one of them: %s",
    async (first) => {
      // As one from dnsConfig, which knows nothing of the cluster.
      const other = await startFakeDns((name) => (name === "kept.svc.test" ? ["10.0.0.3"] : []));
      const servers = [dns.server, other.server];
      resolve = createResolve({ ...sources, servers, now: () => clock });
      const limits = { limit: 900, budget: 900 };
      NAMES["kept.shop.svc.test"] = first;
      expect(await look("kept", resolve, limits)).toEqual(["10.0.0.3"]);
      NAMES["kept.shop.svc.test"] = ["10.0.0.5"];
      seconds(60);
      expect(await look("kept", resolve, limits)).toEqual(["10.0.0.5"]);
      await other.close();
    },
  );

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
    const old = await lookedUp("kept.test.");
    seconds(10);
    await asking("kept.test.");
    old.searchAgain();
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
