/** Keeps a valid certificate in the webhook's Secret. */
import type { Logger } from "pino";
import type { CertificateRecord } from "../caches.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { type CertificateData, certificatePlan } from "./certificate-plan.ts";
import { carryOut } from "./certificates.ts";

const FIELD_MANAGER = "healthpolicy-certificate";

/** What a writer of the certificates needs. */
export interface CertificateWriterOptions {
  client: KubeClient;
  namespace: string;
  secret: string;
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
 * Takes the next step of the certificate's life, if there is one; makes the Secret where somebody has deleted
 * it (`record` undefined). `now` in milliseconds since the epoch. Rejects with 409 when the Secret is not the
 * one that was decided about: another leader was here.
 */
export async function writeCertificate(
  { client, namespace, secret, dnsName, log }: CertificateWriterOptions,
  record: CertificateRecord | undefined,
  now: number,
): Promise<void> {
  const before = record?.data ?? {};
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
        ...(record && { resourceVersion: record.resourceVersion }),
      },
      data: encoded(data),
    },
    fieldManager: FIELD_MANAGER,
    force: true,
  });
}
