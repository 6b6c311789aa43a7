/** How a connection is encrypted: the field `tls` of every type that has one. */
import { z } from "zod";
import * as rules from "../cel.ts";
import { DEPENDENCY_DEFAULTS, TLS_MODES } from "../limits.ts";
import { describe, secretKeyReference } from "../v1alpha1-fields.ts";

const { cel, sentence } = rules;

const caSecret = secretKeyReference(
  "PEM certificates of the authorities that may sign the server's certificate; for VerifyFull. Unset: the public authorities.",
);

const MODE = `(has(self.mode) ? self.mode : '${DEPENDENCY_DEFAULTS.negotiatedTlsMode}')`;

/** An authority that nothing checks would only look like safety. */
const CA_SECRET_RULE: rules.CelRule = {
  rule: `!has(self.caSecret) || ${MODE} == 'VerifyFull'`,
  messageExpression: sentence(
    "tls: caSecret is used by mode VerifyFull only, not by %s; set mode: VerifyFull or leave caSecret out",
    MODE,
  ),
};

/** For protocols that begin in clear and ask the server whether it speaks TLS. */
export const negotiatedTls = z
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
      "Encryption of the connection. Unset: Prefer, or what `sslmode` of the connection string says.",
    ),
    ...cel(CA_SECRET_RULE),
  });

/** Fills in what is unset. */
export function fillNegotiatedTls(tls: NonNullable<z.infer<typeof negotiatedTls>>) {
  return { ...tls, mode: tls.mode ?? DEPENDENCY_DEFAULTS.negotiatedTlsMode };
}
