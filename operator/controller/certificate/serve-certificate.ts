/** From the webhook's Secret to its server. */
import type { Logger } from "pino";
import type { Caches } from "../caches.ts";

/** Where certificates come from, and who serves them. */
export interface ServeCertificateOptions {
  caches: Pick<Caches, "certificate" | "subscribe">;
  /** Throws where key and certificate cannot be used, and goes on with the old ones. */
  setCertificate: (certificate: { key: string; cert: string }) => void;
  log: Pick<Logger, "info" | "error">;
}

/** Gives the webhook every certificate that appears in the Secret; returns whether one is served. */
export function serveCertificate(options: ServeCertificateOptions): () => boolean {
  const { caches, setCertificate, log } = options;
  let isServed = false;

  function take(): void {
    const data = caches.certificate()?.data;
    const key = data?.["tls.key"];
    const cert = data?.["tls.crt"];
    if (!key || !cert) return;
    try {
      setCertificate({ key, cert });
      isServed = true;
      log.info("serving the certificate of the Secret");
    } catch {
      // Not the error: OpenSSL's could quote what it read.
      log.error("the certificate in the Secret cannot be used");
    }
  }

  caches.subscribe(({ kind }) => {
    if (kind === "certificate") take();
  });
  take();
  return () => isServed;
}
