/** Keeps a valid certificate in the webhook's Secret. */
import type { Logger } from "pino";
import type { CertificateRecord } from "../caches.ts";
import { type CertificateData, certificatePlan } from "./certificate-plan.ts";
import { carryOut } from "./certificates.ts";
import { type MakeSecretOptions, makeSecret } from "./make-secret.ts";

const FIELD_MANAGER = "healthpolicy-certificate";

/** What a writer of the certificates needs. */
export interface CertificateWriterOptions extends MakeSecretOptions {
  /** Name under which API servers call the webhook. */
  dnsName: string;
  log: Pick<Logger, "info">;
}

function encoded(data: CertificateData): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
}

/**
 * Takes the next step of the certificate's life, if there is one. Where somebody has deleted the Secret (`record`
 * undefined), that is to make it: it is filled once it has been seen. `now` in milliseconds since the epoch. Rejects
 * with 409 when the Secret is not the one that was decided about: another leader was here.
 */
export async function writeCertificate(
  options: CertificateWriterOptions,
  record: CertificateRecord | undefined,
  now: number,
): Promise<void> {
  const { client, settings, dnsName, log } = options;
  const { namespace, certificateSecret: secret } = settings;
  if (record === undefined) {
    log.info({ secret }, "the Secret of the certificate is gone; making it again");
    await makeSecret(options);
    return;
  }
  const before = record.data;
  const plan = certificatePlan(before, dnsName, now);
  if (plan.action === "keep") return;
  log.info({ action: plan.action, reason: plan.reason }, "certificate");
  const data = await carryOut(plan.action, { data: before, dnsName, now });
  await client.apply({
    path: `/api/v1/namespaces/${namespace}/secrets/${secret}`,
    object: {
      apiVersion: "v1",
      kind: "Secret",
      // No labels: they are the chart's, and its next upgrade would conflict with ours.
      metadata: {
        name: secret,
        namespace,
        resourceVersion: record.resourceVersion,
      },
      data: encoded(data),
    },
    fieldManager: FIELD_MANAGER,
    force: true,
  });
}
