/** What a policy says about one dependency: a slot for each type, with its documentation and limits. */
import { z } from "zod";
import * as rules from "./cel.ts";
import {
  DEPENDENCY_DEFAULTS,
  MAX_DATABASE_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_MEMCACHED_SERVERS,
  MAX_QUERY_LENGTH,
} from "./limits.ts";
import { IMPACTS, TLS_MODES } from "./policy-file.ts";
import {
  describe,
  host,
  port,
  secretKey,
  secretKeyReference,
  secretName,
} from "./v1alpha1-fields.ts";

const { cel } = rules;

const tls = z
  .object({
    mode: z
      .enum(TLS_MODES)
      .optional()
      .meta(
        describe(
          `Disable: never encrypted. Prefer: encrypted where the server offers it. Require: encrypted, the certificate is not verified. VerifyFull: encrypted, certificate and name verified. Unset: ${DEPENDENCY_DEFAULTS.postgresql.tlsMode}.`,
        ),
      ),
    caSecret: secretKeyReference(
      "PEM certificates of the authorities that may sign the server's certificate; for VerifyFull. Unset: the public authorities.",
    ),
  })
  .optional()
  .meta({
    ...describe(
      "Encryption of the connection. Unset: Prefer, or what `sslmode` of the connection string says.",
    ),
    ...cel(rules.TLS_RULE),
  });

const postgresql = z
  .object({
    host: host.optional(),
    port: port(DEPENDENCY_DEFAULTS.postgresql.port),
    database: z
      .string()
      .min(1)
      .max(MAX_DATABASE_LENGTH)
      .optional()
      .meta({ ...describe("Database to connect to."), ...cel(rules.wireTextRule("database")) }),
    credentials: z
      .object({
        secretName,
        usernameKey: secretKey(
          "usernameKey",
          `Key of the user name; unset: ${DEPENDENCY_DEFAULTS.postgresql.usernameKey}.`,
        ).optional(),
        passwordKey: secretKey(
          "passwordKey",
          `Key of the password; unset: ${DEPENDENCY_DEFAULTS.postgresql.passwordKey}.`,
        ).optional(),
      })
      .optional()
      .meta(describe("Where the user name and the password are.")),
    connectionString: secretKeyReference(
      "A `postgresql://` URL in a Secret, instead of host, port, database and credentials. The safer form: host and password stand in one Secret, so an edit of the policy cannot send the password to another host.",
    ),
    tls,
    query: z
      .string()
      .min(1)
      .max(MAX_QUERY_LENGTH)
      .optional()
      .meta({
        ...describe(
          `Query that must return at least one row; unset: ${DEPENDENCY_DEFAULTS.postgresql.query}.`,
        ),
        ...cel(rules.QUERY_RULE),
      }),
  })
  .optional()
  .meta({
    ...describe("A PostgreSQL server: log in and run a query that must return a row."),
    ...cel(...rules.POSTGRESQL_RULES),
  });

const memcached = z
  .object({
    servers: z
      .array(
        z.object({
          host,
          port: port(DEPENDENCY_DEFAULTS.memcached.port),
        }),
      )
      .max(MAX_MEMCACHED_SERVERS)
      .meta({
        ...describe(`The servers of the ring, 1 to ${MAX_MEMCACHED_SERVERS}.`),
        "x-kubernetes-list-type": "atomic",
      }),
    minAvailable: z
      .int32()
      .optional()
      .meta(describe("How many servers must answer `stats`; unset: all.")),
  })
  .optional()
  .meta({
    ...describe("memcached servers: each must answer `stats`."),
    ...cel(...rules.MEMCACHED_RULES),
  });

/** The slots of a dependency, one per type that this version checks. */
export const DEPENDENCY_TYPES = ["postgresql", "memcached"] as const;

/** The schema of one entry of `spec.dependencies`. */
export const dependency = z
  .object({
    name: z
      .string()
      .max(MAX_LABEL_LENGTH)
      .meta({
        ...describe("Name in reports, metrics and logs: a DNS label, unique in the policy."),
        ...cel(rules.DEPENDENCY_NAME_RULE),
      }),
    impact: z
      .enum(IMPACTS)
      .optional()
      .meta(
        describe(
          "Gate: a pod that cannot reach it is unready. Observe: reported only. Unset: Gate for databases and caches.",
        ),
      ),
    postgresql,
    memcached,
  })
  .meta({
    ...describe("One thing that the app needs; exactly one type."),
    ...cel(rules.exactlyOneTypeRule(DEPENDENCY_TYPES)),
  });
