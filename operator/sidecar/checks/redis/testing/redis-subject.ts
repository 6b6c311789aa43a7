/** Test fixture: Redis dependencies, the Secret that they name, and one check of them. */
import type {
  DependencyConfig,
  RedisConfig,
  SecretKeyReference,
} from "../../../../api/policy-file.ts";
import { CheckError } from "../../check.ts";
import { createCertificates } from "../../testing/certificates.ts";
import { leavingNothing, type Outcome, PATIENT, runCheck } from "../../testing/contract.ts";
import { redis } from "../redis.ts";

/** The authority of the key `ca`; `stranger` is the key of another one. */
export const certificates = createCertificates();

/** The text of each key of the Secret `cache`; a test may add more. */
export const SECRET: Record<string, string> = {
  username: "web",
  password: "pencil",
  wrong: "no password",
  ca: certificates.ca,
  stranger: createCertificates().ca,
};

/** Reads SECRET. */
export async function readSecretKey({ key }: SecretKeyReference): Promise<string> {
  const text = SECRET[key];
  if (text === undefined) throw new CheckError("CredentialsMissing");
  return text;
}

/** Credentials of the Secret: a password alone, or with a user. */
export const credentials = (passwordKey: string, usernameKey?: string) => ({
  secretName: "cache",
  passwordKey,
  ...(usernameKey && { usernameKey }),
});

/** A dependency on 127.0.0.1 without a login, unless `config` says otherwise. */
export function dependency(config: RedisConfig): DependencyConfig {
  return { name: "cache", type: "redis", impact: "Gate", redis: { host: "127.0.0.1", ...config } };
}

/** One check, which must leave nothing behind. */
export const run = (config: RedisConfig, checkTimeout = PATIENT): Promise<Outcome> =>
  leavingNothing(() => runCheck(redis, dependency(config), { readSecretKey, checkTimeout }));
