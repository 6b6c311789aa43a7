/** Fields that several parts of a policy have, with their documentation and limits. */
import { z } from "zod";
import * as rules from "./cel.ts";
import { MAX_NAME_LENGTH, MAX_PORT } from "./limits.ts";

const { cel } = rules;

/** The metadata that documents a field, for `.meta()`. */
export const describe = (description: string) => ({ description });

/** Where a server is. */
export const host = z
  .string()
  .max(MAX_NAME_LENGTH)
  .meta({
    ...describe(
      "Bare host name or IP address. A short name resolves in the pod's namespace; loopback reaches the pod itself.",
    ),
    ...cel(...rules.HOST_RULES),
  });

/** The Secret that a field names. */
export const secretName = z
  .string()
  .max(MAX_NAME_LENGTH)
  .meta({
    ...describe("Name of a Secret in the policy's namespace."),
    ...cel(rules.SECRET_NAME_RULE),
  });

/** A key of a Secret; `field` is the name that messages say, `text` what it is for. */
export const secretKey = (field: string, text: string) =>
  z
    .string()
    .max(MAX_NAME_LENGTH)
    .meta({ ...describe(text), ...cel(rules.secretKeyRule(field)) });

/** A Secret and its key; `text` says what it holds. */
export const secretKeyReference = (text: string) =>
  z
    .object({ secretName, key: secretKey("key", "Key in the Secret.") })
    .optional()
    .meta(describe(text));

/** A TCP port. */
export const tcpPort = z
  .int32()
  .meta(cel(rules.rangeRule("port", { minimum: 1, maximum: MAX_PORT })));

/** A TCP port; `unset` is what counts where the policy gives none. */
export const port = (unset: number) =>
  tcpPort.optional().meta(describe(`TCP port; unset: ${unset}.`));
