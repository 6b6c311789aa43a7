/** Whoever may write ConfigMaps writes the policy file: read within bounds or refused, and never quoted. */
import { expect } from "@jest/globals";
import fc from "fast-check";
import { fuzz } from "../../../test/fuzz/fuzz.ts";
import { strangeJsonText } from "../../../test/fuzz/strange-json.ts";
import { MAX_CIRCULAR_PODS, MAX_DEPENDENCIES, MAX_PEERS } from "../../api/limits.ts";
import { IMPACTS, MODES, POLICY_FILE_FORMAT, type PolicyFile } from "../../api/policy-file.ts";
import { TIMING } from "../../api/testing/timing.ts";
import { withinLimits } from "../../api/timing.ts";
import { parsePolicyFile } from "./parse-policy-file.ts";

const SECRET = "s3cr3t-p4ssw0rd";
const credentials = { secretName: "db", usernameKey: "username", passwordKey: "password" };
const tls = { mode: "VerifyFull", caSecret: { secretName: "ca", key: "ca.crt" } };
const server = { host: "db", port: 5432 };

/** One of each type. */
const DEPENDENCIES = [
  {
    type: "postgresql",
    postgresql: { ...server, database: "shop", credentials, tls, query: "SELECT 1" },
  },
  { type: "mysql", mysql: { connectionString: { secretName: "db", key: "url" }, query: SECRET } },
  { type: "memcached", memcached: { servers: [server, server], minAvailable: 1 } },
  {
    type: "redis",
    redis: { ...server, credentials: { secretName: "db", passwordKey: "password" } },
  },
  { type: "tcp", tcp: server },
  {
    type: "http",
    http: {
      ...{ ...server, method: "GET", path: "/healthz", hostHeader: "shop.example:8080" },
      ...{ expectedStatus: { minimum: 200, maximum: 299 }, tls: { mode: "Disable" } },
    },
  },
  { type: "later", later: { anything: SECRET } },
].map((dependency, index) => ({ name: `dependency-${index}`, impact: "Gate", ...dependency }));

const right = fc.record({
  formatVersion: fc.constant(POLICY_FILE_FORMAT),
  policy: fc.constant("web"),
  generation: fc.constant(3),
  mode: fc.constantFrom(...MODES),
  timing: fc.constant(TIMING),
  dependencies: fc.subarray(DEPENDENCIES),
  fleet: fc.constantFrom(undefined, {
    maxUnready: { percent: 50 },
    pods: 9,
    peers: [{ ip: "10.0.0.1", port: 15180 }],
  }),
});

function read(text: string): ReturnType<typeof parsePolicyFile> | undefined {
  try {
    return parsePolicyFile(text);
  } catch (error) {
    expect((error as Error).constructor).toBe(Error);
    expect((error as Error).message.length).toBeLessThan(200);
    expect((error as Error).message).not.toContain(SECRET);
    return undefined;
  }
}

/** The numbers within which a policy of anybody must be. */
function expectWithinBounds(policy: PolicyFile): void {
  expect(policy.dependencies.length).toBeLessThanOrEqual(MAX_DEPENDENCIES);
  expect(MODES).toContain(policy.mode);
  expect(policy.timing).toStrictEqual(withinLimits(policy.timing));
  expect(policy.fleet?.peers.length ?? 0).toBeLessThanOrEqual(MAX_PEERS);
  for (const dependency of policy.dependencies) {
    expect(IMPACTS).toContain(dependency.impact);
    expect(dependency.circularPods?.length ?? 0).toBeLessThanOrEqual(MAX_CIRCULAR_PODS);
    expect(dependency.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    // Its own slot or none, beside the four fields that are no slot.
    const slots = Object.keys(dependency).filter(
      (key) => !["name", "type", "impact"].includes(key),
    );
    expect([[], [dependency.type]]).toContainEqual(slots);
  }
}

fuzz("any text is a policy within bounds, of a later format, or refused without being quoted", {
  input: strangeJsonText(right),
  runs: 300,
  holds: (text) => {
    const policy = read(text);
    if (policy === undefined || "unsupportedFormat" in policy) return;
    expectWithinBounds(policy);
    // What was understood is understood again in the same way: nothing that was left out comes back.
    const again = JSON.stringify({ formatVersion: POLICY_FILE_FORMAT, ...policy });
    expect(parsePolicyFile(again)).toStrictEqual(policy);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  },
});
