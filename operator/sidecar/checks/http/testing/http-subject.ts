/** Test fixture: HTTP dependencies, and one check of them. */
import type { DependencyConfig, HttpConfig } from "../../../../api/policy-file.ts";
import { leavingNothing, type Outcome, PATIENT, runCheck } from "../../testing/contract.ts";
import { http } from "../http.ts";

const noSecrets = async (): Promise<string> => {
  throw new Error("this test names no Secret");
};

/** What fills a slot of which a test says only a part. */
export const PLAIN: HttpConfig = {
  host: "127.0.0.1",
  port: 80,
  method: "GET",
  path: "/",
  expectedStatus: { minimum: 200, maximum: 299 },
  tls: { mode: "Disable" },
};

/** A dependency on 127.0.0.1, unless `config` says otherwise. */
export function dependency(config: Partial<HttpConfig>): DependencyConfig {
  return { name: "api", type: "http", impact: "Observe", http: { ...PLAIN, ...config } };
}

/** One check, which must leave nothing behind. */
export const run = (config: Partial<HttpConfig>, checkTimeout = PATIENT): Promise<Outcome> =>
  leavingNothing(() =>
    runCheck(http, dependency(config), { readSecretKey: noSecrets, checkTimeout }),
  );
