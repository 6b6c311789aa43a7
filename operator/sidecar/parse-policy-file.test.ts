import { describe, expect, test } from "@jest/globals";
import { type DependencyConfig, MAX_DEPENDENCIES, type PolicyFile } from "../api/policy-file.ts";
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
  timing: {
    connectTimeoutMilliseconds: 3_000,
    checkTimeoutMilliseconds: 4_000,
    intervalMilliseconds: 5_000,
    failureThreshold: 2,
    successThreshold: 1,
  },
  dependencies: [POSTGRESQL, MEMCACHED],
};

const parse = (config: unknown) => parsePolicyFile(JSON.stringify(config));
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

  test("a type of a later version is kept without its content", () => {
    const later = { name: "queue", type: "kafka2", impact: "Gate", kafka2: { brokers: [] } };
    expect(parse(withDependency(later)).dependencies).toStrictEqual([
      { name: "queue", type: "kafka2", impact: "Gate" },
    ]);
  });

  test.each(["Startup", "gate", null, 7])("impact %j can only be observed", (impact) => {
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
    [
      "a key that leaves its folder",
      { connectionString: { secretName: "db", key: "../x" }, query: "SELECT 1" },
    ],
    [
      "a Secret that leaves its folder",
      { connectionString: { secretName: "..", key: "url" }, query: "SELECT 1" },
    ],
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

describe("what it refuses", () => {
  test.each<[unknown, string]>([
    [null, "policy file is not an object"],
    [[], "policy file is not an object"],
    [{ ...CONFIG, policy: "a\nb" }, "policy is not a valid text"],
    [
      { ...CONFIG, generation: "3" },
      `generation is not a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    ],
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
    [{ ...CONFIG, timing: undefined }, "timing is not an object"],
    [
      { ...CONFIG, timing: { ...CONFIG.timing, intervalMilliseconds: 0 } },
      "timing.intervalMilliseconds is not a whole number from 1 to 86400000",
    ],
    [
      { ...CONFIG, timing: { ...CONFIG.timing, failureThreshold: 1.5 } },
      "timing.failureThreshold is not a whole number from 1 to 1000",
    ],
  ])("case %#", (config, message) => {
    expect(() => parse(config)).toThrow(new Error(message));
  });

  test("broken JSON, without quoting it", () => {
    expect(() => parsePolicyFile('{"password":"hunter2')).toThrow(new Error("not JSON"));
  });
});
