import { expect, test } from "@jest/globals";
import { keyName, type PolicyFile } from "../../../api/policy-file.ts";
import { testPolicy } from "../../../api/testing/policy.ts";
import { createCertificates } from "../testing/certificates.ts";
import { createAuthorities } from "./authorities.ts";
import { isNamedByPolicy, nameKeysOf } from "./named-keys.ts";

const { ca } = createCertificates();
const keyed = (key: string) => ({ secretName: "tls", key });

/** Names those keys, each by a dependency of its own. */
function policyOf(keys: readonly string[]): PolicyFile {
  const { name: policy, ...rest } = testPolicy();
  const dependencies = keys.map((key) => ({
    name: key,
    type: "redis" as const,
    impact: "Gate" as const,
    redis: {
      host: "cache",
      port: 6379,
      tls: { mode: "VerifyFull" as const, caSecret: keyed(key) },
    },
  }));
  return { ...rest, policy, generation: 1, dependencies };
}

test("a key is named for as long as the policy in force names it", () => {
  const named = () => ["a", "b", "c"].filter((key) => isNamedByPolicy(keyName(keyed(key))));
  nameKeysOf(policyOf(["a", "b"]));
  expect(named()).toEqual(["a", "b"]);
  nameKeysOf(policyOf(["b", "c"]));
  expect(named()).toEqual(["b", "c"]);
  nameKeysOf(undefined);
  expect(named()).toEqual([]);
});

// The policy that the sentence asked for was in force, and the pod stayed unready for 20 minutes.
test("what a policy is relieved of makes room in the authorities of the program", () => {
  const { secureContextOf } = createAuthorities(() => ca);
  const ask = (key: string) => () => secureContextOf(keyed(key), key.repeat(290 * 1_024));
  nameKeysOf(policyOf(["a", "b", "c"]));
  for (const key of ["a", "b"]) ask(key)();
  expect(ask("c")).toThrow("Misconfigured");
  nameKeysOf(policyOf(["b", "c"]));
  expect(ask("c")()).toBeDefined();
});
