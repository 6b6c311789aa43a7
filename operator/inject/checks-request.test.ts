/** How much CPU the checks of a policy ask for. */
import { expect, test } from "@jest/globals";
import { type EffectivePolicy, effectivePolicy } from "../api/effective-policy.ts";
import type { DependencyType } from "../api/policy-file.ts";
import { rawPolicy } from "../api/testing/policy.ts";
import type { HealthPolicySpec } from "../api/v1alpha1.ts";
import { DEPENDENCY_TYPES } from "../api/v1alpha1-dependency.ts";
import { checksRequest } from "./checks-request.ts";

/** A dependency but for its name. */
type Slot = Omit<HealthPolicySpec["dependencies"][number], "name">;

function policyOf(slots: Slot[], timing: HealthPolicySpec["timing"] = {}): EffectivePolicy {
  const dependencies = slots.map((slot, index) => ({ name: `dependency-${index}`, ...slot }));
  const resolution = effectivePolicy(
    rawPolicy({}, { dependencies, timing, probe: { timeoutSeconds: 60 } }),
  );
  if ("invalid" in resolution) throw new Error(resolution.invalid);
  return resolution.policy;
}

const requestOf = (slots: Slot[], timing?: HealthPolicySpec["timing"]) =>
  checksRequest(policyOf(slots, timing));
const times = (count: number, slot: Slot) => Array.from({ length: count }, () => slot);

const DISABLE = { mode: "Disable" } as const;
const REQUIRE = { mode: "Require" } as const;
const KEY = { secretName: "db", key: "url" };
const parts = { host: "db", database: "db", credentials: { secretName: "db" } };
const database = { postgresql: parts };
const ring = (servers: number) => ({
  memcached: { servers: times(servers, {}).map(() => ({ host: "cache" })) },
});

test.each<[string, Slot[], string]>([
  ["one memcached server", [ring(1)], "5m"],
  ["a ring of 16", [ring(16)], "5m"],
  ["four of them", times(4, ring(16)), "20m"],
  ["a port", [{ tcp: { host: "mail", port: 25 } }], "5m"],
  ["a database, by default over TLS", [database], "5m"],
  ["four", times(4, database), "20m"],
  ["as many as a policy may name", times(12, database), "50m"],
  ["four in clear", times(4, { postgresql: { ...parts, tls: DISABLE } }), "10m"],
  ["four by connection strings", times(4, { postgresql: { connectionString: KEY } }), "20m"],
  [
    "four whose certificates nobody verifies",
    times(4, { postgresql: { ...parts, tls: REQUIRE } }),
    "20m",
  ],
  ["four of MySQL", times(4, { mysql: parts }), "20m"],
  ["four of MySQL in clear", times(4, { mysql: { ...parts, tls: DISABLE } }), "10m"],
  ["four of Redis", times(4, { redis: { host: "store" } }), "5m"],
  ["four of Redis over TLS", times(4, { redis: { host: "store", tls: {} } }), "15m"],
  // It may be rediss://, and then verifies.
  ["four of Redis by connection strings", times(4, { redis: { connectionString: KEY } }), "15m"],
  ["four APIs by http", times(4, { http: { host: "api" } }), "5m"],
  ["four by https", times(4, { http: { host: "api", tls: {} } }), "15m"],
  ["a database and a cache", [database, ring(1)], "5m"],
  [
    "a database, a cache and a port",
    [database, ring(1), { tcp: { host: "mail", port: 25 } }],
    "10m",
  ],
])("%s at the default times: within checkTimeout", (_, slots, expected) => {
  expect(requestOf(slots)).toBe(expected);
});

test.each([
  [{ checkTimeout: "2s", connectTimeout: "1s" }, "35m"],
  [{ checkTimeout: "500ms", connectTimeout: "400ms" }, "130m"],
  [{ interval: "30s" }, "20m"],
  [{ interval: "59s", checkTimeout: "59s", connectTimeout: "30s" }, "5m"],
])("a round has the time of a check, and the interval says nothing: %j", (timing, expected) => {
  expect(requestOf(times(4, database), timing)).toBe(expected);
});

test("a type of a later version takes nothing: no sidecar of this one checks it", () => {
  const { timing } = policyOf([]);
  const later = { name: "later", type: "unknown", impact: "Observe" } as const;
  expect(checksRequest({ timing, dependencies: [later] })).toBe("0m");
});

test("every type takes something", () => {
  const slots: Record<DependencyType, Slot> = {
    postgresql: database,
    mysql: { mysql: parts },
    memcached: ring(1),
    redis: { redis: { host: "store" } },
    tcp: { tcp: { host: "mail", port: 25 } },
    http: { http: { host: "api" } },
  };
  for (const type of DEPENDENCY_TYPES) expect(requestOf([slots[type]])).not.toBe("0m");
});
