/**
 * What a policy of healthpolicy.dev/v1alpha1 holds: fields, their documentation, limits and rules. The
 * source of truth: types are inferred here; crds/, the chart's CRD and docs/reference are generated.
 */
import { z } from "zod";
import * as rules from "./cel.ts";
import { POLICY_NAME_MAX_LENGTH } from "./names.ts";
import {
  DEPENDENCY_DEFAULTS,
  MAX_DATABASE_LENGTH,
  MAX_DEPENDENCIES,
  MAX_MEMCACHED_SERVERS,
  MAX_PORT,
  MAX_QUERY_LENGTH,
  TLS_MODES,
} from "./policy-file.ts";
import { DEFAULT_TIMES, DURATION_LIMITS, NUMBER_LIMITS } from "./timing.ts";
import { selector } from "./v1alpha1-selector.ts";
import { type HealthPolicyStatus, status } from "./v1alpha1-status.ts";

const { cel } = rules;

const describe = (description: string) => ({ description });

function duration(field: keyof typeof DURATION_LIMITS, text: string) {
  const limits = DURATION_LIMITS[field];
  return z
    .string()
    .max(8)
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum}; unset: ${DEFAULT_TIMES[field]}.`,
      ),
      ...cel(...rules.durationRules(field, limits)),
    });
}

function wholeNumber(parent: "timing" | "probe", field: keyof typeof NUMBER_LIMITS, text: string) {
  const limits = NUMBER_LIMITS[field];
  return z
    .int32()
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum}; unset: ${DEFAULT_TIMES[field]}.`,
      ),
      ...cel(rules.rangeRule(`${parent}.${field}`, limits)),
    });
}

const host = z
  .string()
  .max(253)
  .meta({
    ...describe(
      "Bare host name or IP address. A short name resolves in the pod's namespace; loopback reaches the pod itself.",
    ),
    ...cel(...rules.HOST_RULES),
  });

const secretName = z
  .string()
  .max(253)
  .meta({
    ...describe("Name of a Secret in the policy's namespace."),
    ...cel(rules.SECRET_NAME_RULE),
  });

const secretKey = (field: string, text: string) =>
  z
    .string()
    .max(253)
    .meta({ ...describe(text), ...cel(rules.secretKeyRule(field)) });

const secretKeyReference = (text: string) =>
  z
    .object({ secretName, key: secretKey("key", "Key in the Secret.") })
    .optional()
    .meta(describe(text));

const port = (unset: number) =>
  z
    .int32()
    .optional()
    .meta({
      ...describe(`TCP port; unset: ${unset}.`),
      ...cel(rules.rangeRule("port", { minimum: 1, maximum: MAX_PORT })),
    });

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

const dependency = z
  .object({
    name: z
      .string()
      .max(63)
      .meta({
        ...describe("Name in reports, metrics and logs: a DNS label, unique in the policy."),
        ...cel(rules.DEPENDENCY_NAME_RULE),
      }),
    impact: z
      .enum(["Gate", "Observe"])
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

const spec = z
  .object({
    selector,
    dependencies: z
      .array(dependency)
      .max(MAX_DEPENDENCIES)
      .meta({
        ...describe(`What the app needs, 1 to ${MAX_DEPENDENCIES} entries.`),
        "x-kubernetes-list-type": "atomic",
        ...cel(...rules.DEPENDENCY_LIST_RULES),
      }),
    timing: z
      .object({
        connectTimeout: duration(
          "connectTimeout",
          "Budget for name resolution and connect together.",
        ),
        checkTimeout: duration(
          "checkTimeout",
          "Budget for a whole check: name resolution, connect, handshake and query.",
        ),
        interval: duration(
          "interval",
          "Time from the start of one check of a dependency to the start of the next; each wait is drawn from 0.9 to 1.0 of it.",
        ),
        failureThreshold: wholeNumber(
          "timing",
          "failureThreshold",
          "Failures in a row after which a dependency counts as down.",
        ),
        successThreshold: wholeNumber(
          "timing",
          "successThreshold",
          "Successes in a row after which a dependency counts as up.",
        ),
      })
      .optional()
      .meta(
        describe(
          "Every time of the checks. Must nest: connectTimeout < checkTimeout < probe.timeoutSeconds, and checkTimeout <= interval.",
        ),
      ),
    probe: z
      .object({
        periodSeconds: wholeNumber(
          "probe",
          "periodSeconds",
          "How often the kubelet asks the injected container, in seconds.",
        ),
        timeoutSeconds: wholeNumber(
          "probe",
          "timeoutSeconds",
          "How long the kubelet waits for an answer, in seconds.",
        ),
      })
      .optional()
      .meta(
        describe(
          "The readiness probe of the injected container. It reads the last results and never starts a check; its failureThreshold is 1, because thresholds live in timing.",
        ),
      ),
  })
  .meta({ ...describe("What the app depends on."), ...cel(...rules.NESTING_RULES) });

/** The whole resource as it is stored, without apiVersion, kind and metadata. */
export const healthPolicySchema = z.object({ spec, status }).meta({
  ...describe(
    "Readiness of pods, decided by the databases and caches that they need. New pods that the selector matches get a sidecar whose readiness probe fails while a gating dependency cannot be reached.",
  ),
  ...cel({
    rule: `self.metadata.name.size() <= ${POLICY_NAME_MAX_LENGTH}`,
    messageExpression: `'metadata.name: at most ${POLICY_NAME_MAX_LENGTH} characters, not %d'.format([self.metadata.name.size()])`,
  }),
});

/** Metadata of the resource, as far as this operator reads it. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  generation: number;
  creationTimestamp: string;
  resourceVersion?: string;
  deletionTimestamp?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

export type HealthPolicySpec = z.output<typeof spec>;

/** A HealthPolicy as the API server gives it. */
export interface HealthPolicy {
  apiVersion: string;
  kind: "HealthPolicy";
  metadata: ObjectMeta;
  spec: HealthPolicySpec;
  status?: HealthPolicyStatus;
}
