/** How a database is named: by its parts, or by one connection string that holds them all. */
import { z } from "zod";
import { type CelRule, quoting } from "../cel.ts";
import { DEPENDENCY_DEFAULTS } from "../limits.ts";
import { describe, secretKey, secretName as secretNameField } from "../v1alpha1-fields.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.credentials;

const LINE_BREAK =
  "A line break at the end of the value is left out; where the login is refused then, the next check sends it.";

/** A user name and a password. */
export const credentials = z
  .object({
    secretName: secretNameField,
    usernameKey: secretKey(
      "usernameKey",
      `Key of the user name; unset: ${DEFAULTS.usernameKey}. ${LINE_BREAK}`,
    ).optional(),
    passwordKey: secretKey(
      "passwordKey",
      `Key of the password; unset: ${DEFAULTS.passwordKey}. ${LINE_BREAK}`,
    ).optional(),
  })
  .optional()
  .meta(describe("Where the user name and the password are."));

/** Fills in what is unset. */
export function fillCredentials({
  secretName,
  usernameKey = DEFAULTS.usernameKey,
  passwordKey = DEFAULTS.passwordKey,
}: NonNullable<z.infer<typeof credentials>>) {
  return { secretName, usernameKey, passwordKey };
}

/** A password, which not every server asks a user name with. */
export const passwordCredentials = z
  .object({
    secretName: secretNameField,
    usernameKey: secretKey(
      "usernameKey",
      `Key of the user name; unset: the password alone is sent. ${LINE_BREAK}`,
    ).optional(),
    passwordKey: secretKey(
      "passwordKey",
      `Key of the password; unset: ${DEFAULTS.passwordKey}. ${LINE_BREAK}`,
    ).optional(),
  })
  .optional()
  .meta(describe("Where the password is, and the user name if there is one."));

/** Fills in what is unset. */
export function fillPasswordCredentials(given: NonNullable<z.infer<typeof passwordCredentials>>) {
  return { ...given, passwordKey: given.passwordKey ?? DEFAULTS.passwordKey };
}

/** How a part of a connection is quoted in a sentence, and where CEL finds it. */
const PARTS = {
  host: { verb: '"%s"', value: "self.host" },
  port: { verb: "%d", value: "self.port" },
  database: { verb: '"%s"', value: "self.database" },
  credentials: { verb: 'of Secret "%s"', value: "self.credentials.secretName" },
};

/** A field that a connection string takes the place of. */
export type ConnectionPart = keyof typeof PARTS;

const list = (words: readonly string[]) =>
  words.join(", ").replace(/, ([^,]*)$/, (_, last) => ` and ${last}`);

/**
 * Either a connection string or its parts, and all parts that a connection needs. `type` is the name of the
 * slot in the sentences.
 */
export function connectionRules(
  type: string,
  { parts, required }: { parts: ConnectionPart[]; required: ConnectionPart[] },
): CelRule[] {
  return [
    ...parts.map((part) => ({
      rule: `!has(self.connectionString) || !has(self.${part})`,
      messageExpression: quoting(
        `${type}: connectionString stands beside ${part} ${PARTS[part].verb}; give either connectionString or ${list(parts)}`,
        PARTS[part].value,
      ),
      message: `${type}: connectionString stands beside ${part}; give one or the other`,
    })),
    ...required.map((part) => ({
      rule: `has(self.connectionString) || has(self.${part})`,
      message: `${type}: ${part} is missing; give ${list(required)}, or connectionString`,
    })),
  ];
}
