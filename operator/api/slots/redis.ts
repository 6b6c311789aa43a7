/** The slot `redis`: its fields, their rules, and what unset ones mean. */
import { z } from "zod";
import { cel } from "../cel.ts";
import { DEPENDENCY_DEFAULTS } from "../limits.ts";
import { describe, host, port, secretKeyReference } from "../v1alpha1-fields.ts";
import { connectionRules, fillPasswordCredentials, passwordCredentials } from "./connection.ts";
import { directTls, fillDirectTls } from "./tls.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.redis;

/** The schema of the slot `redis`. */
export const redis = z
  .object({
    host: host.optional(),
    port: port(DEFAULTS.port),
    credentials: passwordCredentials,
    connectionString: secretKeyReference(
      "A `redis://` or `rediss://` URL in a Secret, instead of host, port and credentials. The safer form: host and password stand in one Secret, so an edit of the policy cannot send the password to another host.",
    ),
    tls: directTls(
      "Unset: none, or with `rediss` in the connection string VerifyFull by the public authorities.",
    ),
  })
  .meta({
    ...describe("A Redis server, or one that speaks its protocol: it must answer `PING`."),
    ...cel(
      ...connectionRules("redis", {
        parts: ["host", "port", "credentials"],
        required: ["host"],
      }),
    ),
  });

/** Fills in what is unset. A connection string says its port itself. */
export function fillRedis(slot: z.infer<typeof redis>) {
  const { credentials: login, tls, ...rest } = slot;
  return {
    ...(rest.connectionString === undefined && { port: DEFAULTS.port }),
    ...rest,
    ...(login && { credentials: fillPasswordCredentials(login) }),
    ...(tls && { tls: fillDirectTls(tls) }),
  };
}
