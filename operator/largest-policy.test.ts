/** What the operator writes of the largest policy that the API server lets through, read as the sidecar reads it. */
import { describe, expect, test } from "@jest/globals";
import { effectivePolicy } from "./api/effective-policy.ts";
import {
  MAX_CIRCULAR_PODS,
  MAX_DATABASE_LENGTH,
  MAX_DEPENDENCIES,
  MAX_HOST_HEADER_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_MEMCACHED_SERVERS,
  MAX_MYSQL_DATABASE_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PATH_LENGTH,
  MAX_POLICY_FILE_BYTES,
  MAX_PORT,
  MAX_QUERY_LENGTH,
  MAX_STATUS,
  MIN_STATUS,
} from "./api/limits.ts";
import { POLICY_FILE, POLICY_NAME_MAX_LENGTH } from "./api/names.ts";
import type { DependencyType } from "./api/policy-file.ts";
import { rawPolicy } from "./api/testing/policy.ts";
import { type HealthPolicySpec, healthPolicySchema } from "./api/v1alpha1.ts";
import { policyConfigMap } from "./controller/policy/configmap.ts";
import { parsePolicyFile } from "./sidecar/policy-file/parse-policy-file.ts";

/** Four bytes each in UTF-8, as long as a character gets. */
const wide = (count: number) => "\u{1f5c4}".repeat(count);
const longestName = "n".repeat(MAX_NAME_LENGTH);
const key = { secretName: longestName, key: longestName };
const server = { host: longestName, port: MAX_PORT };

/** The fields that both databases have. */
const database = (maxNameLength: number) => ({
  ...server,
  database: wide(maxNameLength),
  credentials: { secretName: longestName, usernameKey: longestName, passwordKey: longestName },
  tls: { mode: "VerifyFull" as const, caSecret: key },
  query: wide(MAX_QUERY_LENGTH),
});

/** The largest slot of each type. */
const LARGEST: { [T in DependencyType]: HealthPolicySpec["dependencies"][number][T] } = {
  postgresql: database(MAX_DATABASE_LENGTH),
  mysql: database(MAX_MYSQL_DATABASE_LENGTH),
  memcached: { servers: new Array(MAX_MEMCACHED_SERVERS).fill(server) },
  redis: {
    ...server,
    credentials: { secretName: longestName, usernameKey: longestName, passwordKey: longestName },
    tls: { mode: "VerifyFull", caSecret: key },
  },
  tcp: server,
  http: {
    ...server,
    method: "HEAD",
    path: `/${"p".repeat(MAX_PATH_LENGTH - 1)}`,
    hostHeader: "h".repeat(MAX_HOST_HEADER_LENGTH),
    expectedStatus: { minimum: MIN_STATUS, maximum: MAX_STATUS },
    tls: { mode: "VerifyFull", caSecret: key },
  },
};

test("the largest policies are large", () => {
  const characters = Object.values(LARGEST).map((slot) => JSON.stringify(slot).length);
  expect(MAX_DEPENDENCIES * Math.max(...characters)).toBeGreaterThan(48_000);
});

describe.each(Object.entries(LARGEST))("%s", (type, slot) => {
  const dependencies = Array.from({ length: MAX_DEPENDENCIES }, (_, index) => ({
    name: String(index).padStart(MAX_LABEL_LENGTH, "n"),
    [type]: slot,
  }));
  const policy = rawPolicy({ name: "p".repeat(POLICY_NAME_MAX_LENGTH) }, { dependencies });
  const resolution = effectivePolicy(policy);
  if ("invalid" in resolution) throw new Error(resolution.invalid);
  const addresses = new Array(MAX_CIRCULAR_PODS).fill("fd12:3456:789a:bcde:f012:3456:789a:bcde");
  const circularAddresses = new Map(dependencies.map(({ name }) => [name, addresses]));
  const file = policyConfigMap({ ...resolution.policy, circularAddresses }).data[POLICY_FILE] ?? "";

  test("fits the schema", () => {
    expect(healthPolicySchema.safeParse(policy).error).toBeUndefined();
  });

  test("is no longer than sidecars read", () => {
    expect(Buffer.byteLength(file)).toBeLessThan(MAX_POLICY_FILE_BYTES);
  });

  test("says to the sidecar what the policy says", () => {
    expect(parsePolicyFile(file)).toMatchObject({
      policy: policy.metadata.name,
      dependencies: resolution.policy.dependencies,
    });
  });
});
