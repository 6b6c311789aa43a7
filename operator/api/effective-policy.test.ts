import { describe, expect, test } from "@jest/globals";
import { effectivePolicy, policyInForce } from "./effective-policy.ts";
import type { DefaultsSupplier, Source } from "./merge-defaults.ts";
import type { HealthPolicy, HealthPolicySpec } from "./v1alpha1.ts";
import { formatMaxUnready } from "./v1alpha1-fleet.ts";

const METADATA = {
  name: "web",
  namespace: "shop",
  uid: "6f1c",
  generation: 3,
  creationTimestamp: "2026-01-01T00:00:00Z",
};

const healthPolicy = (spec: Omit<HealthPolicySpec, "selector">): HealthPolicy => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: METADATA,
  spec: { selector: { matchLabels: { app: "web" } }, ...spec },
});

const CREDENTIALS = { secretName: "orders-db", usernameKey: "username", passwordKey: "password" };
const ORDERS = {
  name: "orders-db",
  postgresql: {
    host: "orders-db",
    database: "orders",
    credentials: { secretName: "orders-db" },
  },
};

function resolved(spec: Omit<HealthPolicySpec, "selector">) {
  const resolution = effectivePolicy(healthPolicy(spec));
  if (!("policy" in resolution)) throw new Error(resolution.invalid);
  return resolution.policy;
}

describe("effectivePolicy", () => {
  test.each(["Enforce", "DryRun"] as const)("mode %s stays", (mode) => {
    expect(resolved({ mode, dependencies: [ORDERS] }).mode).toBe(mode);
  });

  test("fills in every default", () => {
    expect(resolved({ dependencies: [ORDERS] })).toStrictEqual({
      namespace: "shop",
      name: "web",
      uid: "6f1c",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      selector: { matchLabels: { app: "web" } },
      mode: "Enforce",
      timing: {
        connectTimeoutMilliseconds: 3_000,
        checkTimeoutMilliseconds: 4_000,
        intervalMilliseconds: 5_000,
        failureThreshold: 2,
        successThreshold: 1,
      },
      probe: { periodSeconds: 2, timeoutSeconds: 5 },
      dependencies: [
        {
          name: "orders-db",
          impact: "Gate",
          type: "postgresql",
          postgresql: {
            host: "orders-db",
            port: 5_432,
            database: "orders",
            credentials: CREDENTIALS,
            query: "SELECT 1",
          },
        },
      ],
      application: { probes: "Keep" },
      rollout: "Manual",
      sources: {
        times: {
          connectTimeout: "built-in",
          checkTimeout: "built-in",
          interval: "built-in",
          failureThreshold: "built-in",
          successThreshold: "built-in",
          periodSeconds: "built-in",
          timeoutSeconds: "built-in",
        },
        impact: { "orders-db": "built-in" },
        probes: "built-in",
        maxUnready: "built-in",
        rollout: "built-in",
      },
    });
  });

  test.each<[string | number | undefined, object | undefined, string]>([
    [undefined, undefined, "built-in"],
    ["100%", undefined, "policy"],
    ["50%", { percent: 50 }, "policy"],
    ["0%", { percent: 0 }, "policy"],
    [2, { pods: 2 }, "policy"],
    [0, { pods: 0 }, "policy"],
  ])("reads fleet.maxUnready %j", (maxUnready, want, source) => {
    const policy = resolved({ dependencies: [ORDERS], fleet: { maxUnready } });
    expect(policy.maxUnready).toStrictEqual(want);
    expect(policy.sources.maxUnready).toBe(source);
    expect(formatMaxUnready(policy.maxUnready)).toBe(String(maxUnready ?? "100%"));
  });

  test("asks for all memcached servers, on memcached's port, unless the policy says otherwise", () => {
    const servers = [{ host: "cache-0" }, { host: "cache-1", port: 11_222 }];
    const all = resolved({ dependencies: [{ name: "sessions", memcached: { servers } }] });
    expect(all.dependencies[0]?.memcached).toStrictEqual({
      servers: [
        { host: "cache-0", port: 11_211 },
        { host: "cache-1", port: 11_222 },
      ],
      minAvailable: 2,
    });
    const one = resolved({
      dependencies: [{ name: "sessions", memcached: { servers, minAvailable: 1 } }],
    });
    expect(one.dependencies[0]?.memcached?.minAvailable).toBe(1);
  });

  test("gives a connection string no port, so that its own counts", () => {
    const connectionString = { secretName: "orders-db", key: "url" };
    const policy = resolved({
      dependencies: [
        { name: "db", impact: "Observe", postgresql: { connectionString, query: "SELECT 1" } },
      ],
    });
    expect(policy.dependencies[0]).toStrictEqual({
      name: "db",
      impact: "Observe",
      type: "postgresql",
      postgresql: { connectionString, query: "SELECT 1" },
    });
  });

  test("keeps what the policy says", () => {
    const postgresql = {
      host: "orders-db",
      port: 6_432,
      database: "orders",
      credentials: { secretName: "orders-db", usernameKey: "user", passwordKey: "pass" },
      tls: { mode: "VerifyFull" as const, caSecret: { secretName: "orders-ca", key: "ca.crt" } },
      query: "SELECT 1 FROM orders LIMIT 1",
    };
    const policy = resolved({ dependencies: [{ name: "db", postgresql }] });
    expect(policy.dependencies[0]?.postgresql).toStrictEqual(postgresql);
  });

  test("writes no field that the policy leaves out", () => {
    const policy = resolved({ dependencies: [{ name: "db", postgresql: {} }] });
    expect(policy.dependencies[0]?.postgresql).toStrictEqual({ port: 5_432, query: "SELECT 1" });
  });

  test("takes tls without a mode for Prefer", () => {
    const postgresql = { ...ORDERS.postgresql, tls: {} };
    const policy = resolved({ dependencies: [{ name: "db", postgresql }] });
    expect(policy.dependencies[0]?.postgresql?.tls).toStrictEqual({ mode: "Prefer" });
  });

  test("fills in what redis leaves unset, and no user name", () => {
    const redis = (slot: object) =>
      resolved({ dependencies: [{ name: "cache", redis: slot }] }).dependencies[0]?.redis;
    expect(redis({ host: "cache" })).toStrictEqual({ host: "cache", port: 6_379 });
    const connectionString = { secretName: "cache", key: "url" };
    expect(redis({ connectionString })).toStrictEqual({ connectionString });
    expect(redis({ host: "cache", credentials: { secretName: "cache" }, tls: {} })).toStrictEqual({
      host: "cache",
      port: 6_379,
      credentials: { secretName: "cache", passwordKey: "password" },
      tls: { mode: "VerifyFull" },
    });
    const chosen = {
      host: "cache",
      port: 6_380,
      credentials: { secretName: "cache", usernameKey: "user", passwordKey: "pass" },
      tls: { mode: "Require" },
    };
    expect(redis(chosen)).toStrictEqual(chosen);
  });

  test("fills in what http leaves unset, and gives https its own port and mode", () => {
    const http = (slot: object) =>
      resolved({ dependencies: [{ name: "api", http: { host: "api", ...slot } }] }).dependencies[0];
    const usual = {
      host: "api",
      method: "GET",
      path: "/",
      expectedStatus: { minimum: 200, maximum: 299 },
    };
    expect(http({})).toStrictEqual({
      name: "api",
      impact: "Observe",
      type: "http",
      http: { ...usual, port: 80, tls: { mode: "Disable" } },
    });
    const caSecret = { secretName: "ca", key: "ca.crt" };
    const verified = { ...usual, port: 443, tls: { mode: "VerifyFull", caSecret } };
    expect(http({ tls: { caSecret } })?.http).toStrictEqual(verified);
    expect(http({ tls: { mode: "Disable" } })?.http?.port).toBe(80);
    const chosen = {
      port: 8_443,
      method: "HEAD",
      path: "/healthz",
      hostHeader: "shop.example",
      expectedStatus: { minimum: 401, maximum: 403 },
      tls: { mode: "Require" },
    };
    expect(http(chosen)?.http).toStrictEqual({ host: "api", ...chosen });
    const half = { expectedStatus: { maximum: 499 } };
    expect(http(half)?.http?.expectedStatus).toStrictEqual({ minimum: 200, maximum: 499 });
  });

  test.each([
    [{ postgresql: ORDERS.postgresql }, "Gate"],
    [{ memcached: { servers: [{ host: "cache" }] } }, "Gate"],
    [{ redis: { host: "cache" } }, "Gate"],
    [{ tcp: { host: "mail", port: 25 } }, "Observe"],
    [{ http: { host: "api" } }, "Observe"],
  ])("%j has the impact %s unless the policy says another", (slot, impact) => {
    const impacts = [{}, { impact: "Gate" as const }, { impact: "Observe" as const }].map(
      (given) => resolved({ dependencies: [{ name: "x", ...given, ...slot }] }).dependencies[0],
    );
    expect(impacts.map((dependency) => dependency?.impact)).toEqual([impact, "Gate", "Observe"]);
  });

  test.each<[string, Partial<HealthPolicySpec>, DefaultsSupplier[], string, Source[]]>([
    [
      "the policy and the built-in default",
      { timing: { checkTimeout: "5s" } },
      [],
      "timing: checkTimeout (5s of HealthPolicy web) must be less than probe.timeoutSeconds (5, the built-in default)",
      ["policy", "built-in"],
    ],
    [
      "a cluster's default and the policy",
      { probe: { timeoutSeconds: 3 } },
      [{ name: "standard", defaults: { timing: { connectTimeout: "2s", checkTimeout: "3s" } } }],
      "timing: checkTimeout (3s of ClusterHealthPolicy standard) must be less than probe.timeoutSeconds (3 of HealthPolicy web)",
      ["ClusterHealthPolicy/standard", "policy"],
    ],
    [
      "two cluster's defaults",
      {},
      [
        { name: "old", defaults: { timing: { connectTimeout: "1s", checkTimeout: "2s" } } },
        { name: "young", defaults: { timing: { interval: "1500ms" } } },
      ],
      "timing: checkTimeout (2s of ClusterHealthPolicy old) must not be more than interval (1500ms of ClusterHealthPolicy young)",
      ["ClusterHealthPolicy/old", "ClusterHealthPolicy/young"],
    ],
  ])("refuses times of %s that do not nest, and names both", (...row) => {
    const [, spec, suppliers, invalid, between] = row;
    const policy = healthPolicy({ dependencies: [ORDERS], ...spec });
    expect(effectivePolicy(policy, suppliers)).toStrictEqual({ invalid, between });
  });

  test("keeps what its status shows as in force when it becomes invalid", () => {
    const effective = {
      timing: {
        connectTimeout: { value: "1s", source: "policy" },
        checkTimeout: { value: "2s", source: "ClusterHealthPolicy/standard" },
        interval: { value: "5s", source: "built-in" },
        failureThreshold: { value: 2, source: "built-in" },
        successThreshold: { value: 1, source: "built-in" },
      },
      probe: {
        periodSeconds: { value: 2, source: "built-in" },
        timeoutSeconds: { value: 5, source: "built-in" },
      },
    };
    const policy = {
      ...healthPolicy({ dependencies: [ORDERS], timing: { checkTimeout: "9s" } }),
      status: { effective },
    };
    expect(effectivePolicy(policy)).toMatchObject({
      lastGood: {
        name: "web",
        timing: { connectTimeoutMilliseconds: 1_000, checkTimeoutMilliseconds: 2_000 },
        probe: { periodSeconds: 2, timeoutSeconds: 5 },
      },
    });
    expect(policyInForce(effectivePolicy(policy))?.timing.checkTimeoutMilliseconds).toBe(2_000);
  });
});
