/** The slot `postgresql`: its fields, their rules, and what unset ones mean. */
import { z } from "zod";
import { type CelRule, cel, matches, wireTextRule } from "../cel.ts";
import { DEPENDENCY_DEFAULTS, MAX_DATABASE_LENGTH, MAX_QUERY_LENGTH } from "../limits.ts";
import { describe, host, port, secretKeyReference } from "../v1alpha1-fields.ts";
import { QUERY_TEXT_PATTERN } from "../wire-text.ts";
import { connectionRules, credentials, fillCredentials } from "./connection.ts";
import { fillNegotiatedTls, negotiatedTls } from "./tls.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.postgresql;

/** As the rule for any text that goes to a server, but a query may be written over several lines. */
const QUERY_RULE: CelRule = {
  rule: matches("self", QUERY_TEXT_PATTERN),
  message: "query: holds a control character other than line break and tab; leave it out",
};

export const postgresql = z
  .object({
    host: host.optional(),
    port: port(DEFAULTS.port),
    database: z
      .string()
      .min(1)
      .max(MAX_DATABASE_LENGTH)
      .optional()
      .meta({ ...describe("Database to connect to."), ...cel(wireTextRule("database")) }),
    credentials,
    connectionString: secretKeyReference(
      "A `postgresql://` URL in a Secret, instead of host, port, database and credentials. The safer form: host and password stand in one Secret, so an edit of the policy cannot send the password to another host.",
    ),
    tls: negotiatedTls,
    query: z
      .string()
      .min(1)
      .max(MAX_QUERY_LENGTH)
      .optional()
      .meta({
        ...describe(`Query that must return at least one row; unset: ${DEFAULTS.query}.`),
        ...cel(QUERY_RULE),
      }),
  })
  .meta({
    ...describe("A PostgreSQL server: log in and run a query that must return a row."),
    ...cel(
      ...connectionRules("postgresql", {
        parts: ["host", "port", "database", "credentials"],
        required: ["host", "database", "credentials"],
      }),
    ),
  });

/** Fills in what is unset. A connection string says its port itself. */
export function fillPostgresql(slot: z.infer<typeof postgresql>) {
  const { credentials: login, tls, query = DEFAULTS.query, ...rest } = slot;
  return {
    ...(rest.connectionString === undefined && { port: DEFAULTS.port }),
    ...rest,
    ...(login && { credentials: fillCredentials(login) }),
    ...(tls && { tls: fillNegotiatedTls(tls) }),
    query,
  };
}
