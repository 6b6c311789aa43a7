/** The shape of a database that is logged in to and asked a query, as `postgresql` and `mysql` have it. */
import { z } from "zod";
import { type CelRule, cel, matches, wireTextRule } from "../cel.ts";
import { MAX_QUERY_LENGTH } from "../limits.ts";
import { describe, host, port, secretKeyReference } from "../v1alpha1-fields.ts";
import { QUERY_TEXT_PATTERN } from "../wire-text.ts";
import { connectionRules, credentials, fillCredentials } from "./connection.ts";
import { fillNegotiatedTls, negotiatedTls } from "./tls.ts";

/** As the rule for any text that goes to a server, but a query may be written over several lines. */
const QUERY_RULE: CelRule = {
  rule: matches("self", QUERY_TEXT_PATTERN),
  message: "query: holds a control character other than line break and tab; leave it out",
};

/** What unset fields mean. */
interface Defaults {
  port: number;
  query: string;
}

/** What differs from type to type. */
interface DatabaseType {
  /** The name of the slot, and the scheme of a connection string. */
  type: string;
  /** The server's name in descriptions, with its article. */
  server: string;
  /** The longest name of a database, in characters. */
  maxDatabaseLength: number;
  /** Where a connection string says how to encrypt. */
  tlsParameter: string;
  defaults: Defaults;
}

/** The slot of one type. */
export function databaseSlot(options: DatabaseType) {
  const { type, server, maxDatabaseLength, tlsParameter, defaults } = options;
  return z
    .object({
      host: host.optional(),
      port: port(defaults.port),
      database: z
        .string()
        .min(1)
        .max(maxDatabaseLength)
        .optional()
        .meta({ ...describe("Database to connect to."), ...cel(wireTextRule("database")) }),
      credentials,
      connectionString: secretKeyReference(
        `A \`${type}://\` URL in a Secret, instead of host, port, database and credentials. The safer form: host and password stand in one Secret, so an edit of the policy cannot send the password to another host.`,
      ),
      tls: negotiatedTls(tlsParameter),
      query: z
        .string()
        .min(1)
        .max(MAX_QUERY_LENGTH)
        .optional()
        .meta({
          ...describe(`Query that must return at least one row; unset: ${defaults.query}.`),
          ...cel(QUERY_RULE),
        }),
    })
    .meta({
      ...describe(`${server}: log in and run a query that must return a row.`),
      ...cel(
        ...connectionRules(type, {
          parts: ["host", "port", "database", "credentials"],
          required: ["host", "database", "credentials"],
        }),
      ),
    });
}

/** Fills in what is unset. A connection string says its port itself. */
export function fillDatabase(slot: z.infer<ReturnType<typeof databaseSlot>>, defaults: Defaults) {
  const { credentials: login, tls, query = defaults.query, ...rest } = slot;
  return {
    ...(rest.connectionString === undefined && { port: defaults.port }),
    ...rest,
    ...(login && { credentials: fillCredentials(login) }),
    ...(tls && { tls: fillNegotiatedTls(tls) }),
    query,
  };
}
