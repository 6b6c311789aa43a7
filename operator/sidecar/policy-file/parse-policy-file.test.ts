import { describe, expect, test } from "@jest/globals";
import { MAX_CIRCULAR_PODS, MAX_DEPENDENCIES, MAX_PEERS } from "../../api/limits.ts";
import {
  type DependencyConfig,
  POLICY_FILE_FORMAT,
  type PolicyFile,
} from "../../api/policy-file.ts";
import { TIMING } from "../../api/testing/timing.ts";
import { parsePolicyFile } from "./parse-policy-file.ts";

const POSTGRESQL: DependencyConfig = {
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  postgresql: {
    host: "orders-db",
    port: 5432,
    database: "orders",
    credentials: { secretName: "orders-db", usernameKey: "username", passwordKey: "password" },
    tls: { mode: "VerifyFull", caSecret: { secretName: "ca", key: "ca.crt" } },
    query: "SELECT 1",
  },
};
const MEMCACHED: DependencyConfig = {
  name: "sessions",
  type: "memcached",
  impact: "Observe",
  memcached: { servers: [{ host: "cache-0.cache", port: 11211 }], minAvailable: 1 },
};
const CONFIG: PolicyFile = {
  policy: "web",
  generation: 3,
  mode: "Enforce",
  timing: TIMING,
  dependencies: [POSTGRESQL, MEMCACHED],
};

/** The file with this content; of this version's format unless it says another. */
const parse = (content: object) =>
  parsePolicyFile(JSON.stringify({ formatVersion: POLICY_FILE_FORMAT, ...content })) as PolicyFile;
const withDependency = (dependency: unknown) => ({ ...CONFIG, dependencies: [dependency] });

describe("what it takes", () => {
  test("the contract, whole", () => {
    expect(parse(CONFIG)).toStrictEqual(CONFIG);
  });

  test("a connection string in place of the other fields", () => {
    const postgresql = { connectionString: { secretName: "db", key: "url" }, query: "SELECT 1" };
    const dependency = { ...POSTGRESQL, postgresql };
    expect(parse(withDependency(dependency)).dependencies).toStrictEqual([dependency]);
  });

  test("the shortest names, and longer ones with every sign that is allowed", () => {
    for (const name of ["a", "a-b.c-1"]) {
      const connectionString = { secretName: name, key: "k" };
      const postgresql = { connectionString, query: "SELECT 1" };
      const dependency = { ...POSTGRESQL, name: name.replace(".", ""), postgresql };
      const content = { ...withDependency(dependency), policy: name };
      expect(parse(content)).toStrictEqual(content);
    }
  });

  test("as many dependencies and servers as are allowed", () => {
    const servers = new Array(16).fill({ host: "cache", port: 11_211 });
    const memcached = { servers, minAvailable: 16 };
    const dependencies = Array.from({ length: MAX_DEPENDENCIES }, (_, index) => ({
      ...MEMCACHED,
      name: `cache-${index}`,
      memcached,
    }));
    expect(parse({ ...CONFIG, dependencies }).dependencies).toStrictEqual(dependencies);
  });

  test("null for a field that is not set", () => {
    const { tls: _, ...postgresql } = POSTGRESQL.postgresql ?? { query: "" };
    const given = { ...POSTGRESQL, postgresql: { ...postgresql, tls: null } };
    expect(parse(withDependency(given)).dependencies).toStrictEqual([
      { ...POSTGRESQL, postgresql },
    ]);
  });

  test("names and queries of the longest that the API server takes, in any script", () => {
    const postgresql = {
      ...POSTGRESQL.postgresql,
      database: "\u{1f5c4}".repeat(63),
      query: "\u{1f5c4}".repeat(1_024),
    };
    expect(parse(withDependency({ ...POSTGRESQL, postgresql })).dependencies).toStrictEqual([
      { ...POSTGRESQL, postgresql },
    ]);
  });

  test("a query over several lines", () => {
    const postgresql = { ...POSTGRESQL.postgresql, query: "SELECT 1\r\n\tFROM orders\n" };
    expect(parse(withDependency({ ...POSTGRESQL, postgresql })).dependencies).toStrictEqual([
      { ...POSTGRESQL, postgresql },
    ]);
  });

  test("fields of a later version are left out", () => {
    const later = {
      ...withDependency({
        ...MEMCACHED,
        weight: 7,
        memcached: { ...MEMCACHED.memcached, ring: true },
      }),
      mode: "Enforce",
      timing: { ...CONFIG.timing, jitter: 0.2 },
    };
    expect(parse(later)).toStrictEqual({ ...CONFIG, dependencies: [MEMCACHED] });
  });

  test.each(["kafka2", "constructor"])("the type %s is kept without its content", (type) => {
    const later = { name: "queue", type, impact: "Gate" };
    expect(parse(withDependency({ ...later, [type]: { x: [] } })).dependencies).toStrictEqual([
      later,
    ]);
  });

  test.each([
    ["Enforce", "Enforce"],
    ["DryRun", "DryRun"],
    [undefined, "Enforce"],
    ["a mode of a later version", "DryRun"],
    [null, "DryRun"],
  ])("mode %j is %s", (mode, want) => {
    expect(parse({ ...CONFIG, mode }).mode).toBe(want);
  });

  const peer = { ip: "10.0.0.1", port: 19_847 };

  test.each([
    [{ maxUnready: { percent: 50 }, pods: 12, peers: new Array(MAX_PEERS).fill(peer) }],
    [{ maxUnready: { pods: 0 }, pods: 0, peers: [] }],
    [{ maxUnready: { percent: 0 }, pods: 1, peers: [{ ip: "fd12::1", port: 19_910 }] }],
  ])("the fleet %j", (fleet) => {
    expect(parse({ ...CONFIG, fleet })).toStrictEqual({ ...CONFIG, fleet });
  });

  test.each<[string, object | null]>([
    ["no peers", { peers: undefined }],
    ["too many peers", { peers: new Array(MAX_PEERS + 1).fill(peer) }],
    ["a name for an address", { peers: [{ ...peer, ip: "orders-db" }] }],
    ["a port below those of sidecars", { peers: [{ ...peer, port: 19_846 }] }],
    ["a port above those of sidecars", { peers: [{ ...peer, port: 19_911 }] }],
    ["more than all", { maxUnready: { percent: 101 } }],
    ["a limit of a later version", { maxUnready: { zones: 1 } }],
    ["fewer than no pods", { pods: -1 }],
    ["more pods than a cluster has", { pods: 1_000_001 }],
  ])("a fleet with %s leaves each pod to itself", (_name, more) => {
    const fleet = { maxUnready: { percent: 50 }, pods: 3, peers: [peer], ...more };
    expect(parse({ ...CONFIG, fleet })).toStrictEqual(CONFIG);
  });

  const ips = (count: number) => Array.from({ length: count }, (_, index) => `10.0.1.${index}`);

  test.each([[ips(MAX_CIRCULAR_PODS)], [["fd12::1"]], [[]]])(
    "the circular pods %j",
    (circularPods) => {
      const dependency = { ...POSTGRESQL, circularPods };
      expect(parse(withDependency(dependency)).dependencies).toStrictEqual([dependency]);
    },
  );

  test.each([[ips(MAX_CIRCULAR_PODS + 1)], [["orders-db"]], [[7]], ["10.0.0.1"], [null]])(
    "circular pods that are none let nobody go: %j",
    (circularPods) => {
      const dependencies = [{ ...POSTGRESQL, circularPods }, MEMCACHED];
      expect(parse({ ...CONFIG, dependencies })).toStrictEqual(CONFIG);
    },
  );

  test.each(["Gate", "Observe", "Startup"])("impact %s", (impact) => {
    expect(parse(withDependency({ ...MEMCACHED, impact })).dependencies[0]?.impact).toBe(impact);
  });

  test.each(["Never", "gate", null, 7])("impact %j can only be observed", (impact) => {
    expect(parse(withDependency({ ...MEMCACHED, impact })).dependencies[0]?.impact).toBe("Observe");
  });
});

describe("one broken dependency", () => {
  test.each<[string, unknown]>([
    ["no slot", undefined],
    ["a URL for a host", { ...POSTGRESQL.postgresql, host: "http://db" }],
    ["a line feed in a host", { ...POSTGRESQL.postgresql, host: "db\nx" }],
    ["a port out of range", { ...POSTGRESQL.postgresql, port: 65_536 }],
    ["a TLS mode of a later version", { ...POSTGRESQL.postgresql, tls: { mode: "Mutual" } }],
    ["no query", { host: "db" }],
    ["a command after a database", { ...POSTGRESQL.postgresql, database: "x\r\nflush_all" }],
    ["a tab in a database", { ...POSTGRESQL.postgresql, database: "a\tb" }],
    ["a database too long", { ...POSTGRESQL.postgresql, database: "a".repeat(127) }],
    ["no character in a database", { ...POSTGRESQL.postgresql, database: "" }],
    ["a NUL in a query", { ...POSTGRESQL.postgresql, query: "SELECT 1\0" }],
    ["an escape in a query", { ...POSTGRESQL.postgresql, query: "SELECT 1\u001b[2J" }],
    ["a query too long", { ...POSTGRESQL.postgresql, query: "a".repeat(2_049) }],
    ["no character in a query", { ...POSTGRESQL.postgresql, query: "" }],
    ...["", ".", "..", "..data", "../x", "url/x", "a b", "a".repeat(254)].map(
      (key): [string, unknown] => [
        `the key ${JSON.stringify(key)}`,
        { connectionString: { secretName: "db", key }, query: "SELECT 1" },
      ],
    ),
    ...["..", "_db", "db_", "db/x"].map((secretName): [string, unknown] => [
      `the Secret ${secretName}`,
      { connectionString: { secretName, key: "url" }, query: "SELECT 1" },
    ]),
  ])("%s loses its content and leaves the others alone", (_, postgresql) => {
    const { dependencies } = parse({
      ...CONFIG,
      dependencies: [{ ...POSTGRESQL, postgresql }, MEMCACHED],
    });
    expect(dependencies).toStrictEqual([
      { name: "orders-db", type: "postgresql", impact: "Gate" },
      MEMCACHED,
    ]);
  });

  test.each<[string, unknown]>([
    [
      "more servers than allowed",
      { servers: new Array(17).fill({ host: "a", port: 1 }), minAvailable: 1 },
    ],
    ["more needed than there are", { servers: [{ host: "a", port: 1 }], minAvailable: 2 }],
    ["servers that are no list", { servers: "a", minAvailable: 1 }],
  ])("%s", (_, memcached) => {
    expect(
      parse(withDependency({ ...MEMCACHED, memcached })).dependencies[0]?.memcached,
    ).toBeUndefined();
  });
});

describe("a file of a later format", () => {
  test("is not read, whatever else it says", () => {
    expect(parse({ formatVersion: 2, dependencies: "elsewhere" })).toStrictEqual({
      unsupportedFormat: 2,
    });
  });
});

describe("what it refuses", () => {
  test.each(["null", "[]"])("%s", (content) => {
    expect(() => parsePolicyFile(content)).toThrow(new Error("policy file is not an object"));
  });

  test.each<[object, string]>([
    [{ ...CONFIG, policy: "a\nb" }, "policy is not a valid text"],
    [{ ...CONFIG, generation: "3" }, "generation is not a whole number"],
    [{ ...CONFIG, dependencies: {} }, "dependencies is not a list"],
    [
      { ...CONFIG, dependencies: new Array(MAX_DEPENDENCIES + 1).fill(MEMCACHED) },
      "dependencies has more than 12 entries",
    ],
    [{ ...CONFIG, dependencies: [MEMCACHED, MEMCACHED] }, "two dependencies have one name"],
    [withDependency({ ...MEMCACHED, name: 'a"b' }), "dependencies[0].name is not a valid text"],
    [
      withDependency({ ...MEMCACHED, name: "a".repeat(64) }),
      "dependencies[0].name is not a valid text",
    ],
    [withDependency({ ...MEMCACHED, type: "x y" }), "dependencies[0].type is not a valid text"],
    [withDependency({ ...MEMCACHED, name: ["a"] }), "dependencies[0].name is not a valid text"],
    [{ ...CONFIG, timing: undefined }, "timing is not an object"],
    [{ ...CONFIG, formatVersion: undefined }, "formatVersion is not a whole number"],
    [
      { ...CONFIG, formatVersion: 0 },
      `formatVersion is not a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    ],
  ])("case %#", (config, message) => {
    expect(() => parse(config)).toThrow(new Error(message));
  });

  test("broken JSON, without quoting it", () => {
    expect(() => parsePolicyFile('{"password":"hunter2')).toThrow(new Error("not JSON"));
  });
});
