/** The first certificate, where no leader makes it. */
import type { Logger } from "pino";
import type { CertificateRecord } from "../caches.ts";

/** A leader that makes certificates has filled an empty Secret long before. */
const LOOK_MILLISECONDS = 5_000;

/** What is looked at, and how the Secret is filled. */
export interface FillEmptySecretOptions {
  /** The webhook's Secret as last seen. */
  certificate: () => CertificateRecord | undefined;
  /** Rejects where the Secret is no longer the one that was seen: another replica was faster. */
  write: (record: CertificateRecord) => Promise<void>;
  log: Pick<Logger, "warn">;
  lookMilliseconds?: number;
}

/**
 * Fills the Secret in every replica, leader or not, while it is there and has nothing in it. An upgrade away from
 * `webhook.existingSecret` installs such a Secret. The leader is a replica of before then, which knows of none, and
 * which stays until a new one is ready: as that one never is without a certificate, the upgrade would hang.
 */
export function fillEmptySecret(options: FillEmptySecretOptions): { stop: () => void } {
  const { certificate, write, log, lookMilliseconds = LOOK_MILLISECONDS } = options;
  let writing = false;

  async function look(): Promise<void> {
    const record = certificate();
    if (writing || !record || Object.keys(record.data).length > 0) return;
    writing = true;
    try {
      await write(record);
    } catch {
      // Not the error: it could quote what was sent. The next look tries again, or finds it filled.
      log.warn("the webhook's Secret is empty and could not be filled");
    }
    writing = false;
  }

  const timer = setInterval(() => void look(), lookMilliseconds);
  return { stop: () => clearInterval(timer) };
}
