/** How a connection is encrypted: the field `tls` of every type that has one. */
import { z } from "zod";
import * as rules from "../cel.ts";
import { DEPENDENCY_DEFAULTS, DIRECT_TLS_MODES, TLS_MODES } from "../limits.ts";
import { describe, secretKeyReference } from "../v1alpha1-fields.ts";

const { cel, sentence } = rules;

type TlsMode = (typeof TLS_MODES)[number];

const caSecret = secretKeyReference(
  "PEM certificates of the authorities that may sign the server's certificate; for VerifyFull. Unset: the public authorities.",
);

/** An authority that nothing checks would only look like safety. `unset` is the mode where the policy gives none. */
function caSecretRule(unset: TlsMode): rules.CelRule {
  const mode = `(has(self.mode) ? self.mode : '${unset}')`;
  return {
    rule: `!has(self.caSecret) || ${mode} == 'VerifyFull'`,
    messageExpression: sentence(
      "tls: caSecret is used by mode VerifyFull only, not by %s; set mode: VerifyFull or leave caSecret out",
      mode,
    ),
  };
}

/**
 * For protocols that begin in clear and ask the server whether it speaks TLS. `parameter` is that of a connection
 * string that says the same.
 */
export const negotiatedTls = (parameter: string) =>
  z
    .object({
      mode: z
        .enum(TLS_MODES)
        .optional()
        .meta(
          describe(
            `Disable: never encrypted. Prefer: encrypted where the server offers it. Require: encrypted, the certificate is not verified. VerifyFull: encrypted, certificate and name verified. Unset: ${DEPENDENCY_DEFAULTS.negotiatedTlsMode}.`,
          ),
        ),
      caSecret,
    })
    .optional()
    .meta({
      ...describe(
        `Encryption of the connection. Unset: Prefer, or what \`${parameter}\` of the connection string says.`,
      ),
      ...cel(caSecretRule(DEPENDENCY_DEFAULTS.negotiatedTlsMode)),
    });

/** Fills in what is unset. */
export function fillNegotiatedTls(tls: NonNullable<z.infer<ReturnType<typeof negotiatedTls>>>) {
  return { ...tls, mode: tls.mode ?? DEPENDENCY_DEFAULTS.negotiatedTlsMode };
}

/** For protocols whose ports are encrypted from the first byte on, or not at all. `text` says what unset means. */
export const directTls = (text: string) =>
  z
    .object({
      mode: z
        .enum(DIRECT_TLS_MODES)
        .optional()
        .meta(
          describe(
            `Disable: not encrypted. Require: encrypted, the certificate is not verified. VerifyFull: encrypted, certificate and name verified. Unset: ${DEPENDENCY_DEFAULTS.directTlsMode}.`,
          ),
        ),
      caSecret,
    })
    .optional()
    .meta({
      ...describe(`Encryption of the connection. ${text}`),
      ...cel(caSecretRule(DEPENDENCY_DEFAULTS.directTlsMode)),
    });

/** Fills in what is unset: without `tls` nothing is encrypted. */
export function fillDirectTls(tls: z.infer<ReturnType<typeof directTls>>) {
  const unset = tls === undefined ? "Disable" : DEPENDENCY_DEFAULTS.directTlsMode;
  return { ...tls, mode: tls?.mode ?? unset };
}
