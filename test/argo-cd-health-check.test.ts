/** The health check for Argo CD of docs/troubleshooting.md, in Redis' Lua, which is 5.1 as Argo CD's. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parse } from "yaml";
import type { HealthPolicyStatus } from "../operator/api/v1alpha1-status.ts";
import { policyStatus, type StatusFacts } from "../operator/controller/policy/status.ts";
import { countsOf } from "../operator/controller/policy/testing/counts-of.ts";
import { factsOf } from "../operator/controller/policy/testing/status-facts.ts";
import { createRedisFolder } from "../operator/sidecar/checks/redis/testing/real-redis.ts";
import type { RealServer } from "../operator/sidecar/checks/testing/real-server.ts";

const KEY = "resource.customizations.health.healthpolicy.dev_HealthPolicy";
const DOCUMENT = join(import.meta.dirname, "../docs/troubleshooting.md");

const folder = createRedisFolder();
let redis: RealServer;
beforeAll(async () => {
  redis = await folder.start();
});
afterAll(async () => {
  await redis?.stop();
  folder.remove();
});

/** The script as somebody would copy it. */
function healthCheck(): string {
  const blocks = readFileSync(DOCUMENT, "utf8").matchAll(/^```yaml\n(.*?)^```$/gms);
  const block = [...blocks].map(([, text = ""]) => text).find((text) => text.startsWith(KEY));
  return parse(block ?? "")[KEY];
}

/** What it makes of a HealthPolicy, which Argo CD gives it as the global `obj`. */
function healthOf(generation: number, status?: HealthPolicyStatus): unknown {
  const script = `local obj = cjson.decode(ARGV[1])
local function check()
${healthCheck()}
end
return cjson.encode(check())`;
  const policy = JSON.stringify({ metadata: { generation }, status });
  const args = ["-h", "127.0.0.1", "-p", String(redis.port), "EVAL", script, "0", policy];
  return JSON.parse(execFileSync("redis-cli", args, { encoding: "utf8" }));
}

const PROGRESSING = { status: "Progressing", message: "" };
const statusOf = (facts: Partial<StatusFacts> = {}) => policyStatus(factsOf(facts));

test("a policy that nobody has looked at, or not since its last edit, is progressing", () => {
  expect(healthOf(1)).toStrictEqual(PROGRESSING);
  expect(healthOf(1, { observedGeneration: -1 })).toStrictEqual(PROGRESSING);
  expect(healthOf(4, statusOf({ generation: 3 }))).toStrictEqual(PROGRESSING);
});

test("one that is not programmed yet is progressing", () => {
  const status = statusOf({ programmed: { state: "waiting", message: "Waits." } });
  expect(healthOf(3, status)).toStrictEqual(PROGRESSING);
});

test("one that is in force is healthy", () => {
  expect(healthOf(3, statusOf())).toStrictEqual({ status: "Healthy", message: "In force." });
});

test("one that is in force for some of its pods is healthy: no waiting brings the others", () => {
  const counts = countsOf({ claimed: 2, claimedBy: "old" });
  expect(healthOf(3, statusOf({ counts }))).toMatchObject({ status: "Healthy" });
});

test("one that no waiting mends is degraded", () => {
  const invalid = "Times do not nest.";
  expect(healthOf(3, statusOf({ resolution: { invalid, between: [] } }))).toStrictEqual({
    status: "Degraded",
    message: invalid,
  });
});
