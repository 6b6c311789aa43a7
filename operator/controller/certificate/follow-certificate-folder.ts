/** Follows a mounted Secret with a certificate that somebody else makes and renews. */
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { CertificateRecord } from "../caches.ts";
import type { Change, Watch } from "../kube/watch.ts";

/** The kubelet brings a changed Secret a minute late, so that looking more often would gain little. */
const POLL_MILLISECONDS = 5_000;

/** What is read. The authority's key would be of no use here, and is not mounted. */
const FILES = ["ca.crt", "tls.crt", "tls.key"] as const;

/** Where the Secret is mounted, and what is told of it. */
export interface FollowCertificateFolderOptions {
  folder: string;
  /** The Secret's key among the objects that are watched, `namespace/name`. */
  key: string;
  /** Called after the first content has been read and after each change. */
  onChange: (change: Change<CertificateRecord>) => void;
  log: Pick<Logger, "error">;
  pollMilliseconds?: number;
}

/**
 * The kubelet swaps the symlink `..data` for a folder with the whole new content. Read through it file by file, a
 * certificate could meet the key of the one before.
 */
function currentFolder(folder: string): string {
  try {
    return realpathSync(join(folder, "..data"));
  } catch {
    return folder;
  }
}

/** Throws where a file cannot be read. */
function read(folder: string): CertificateRecord {
  const current = currentFolder(folder);
  const data = FILES.map((file) => [file, readFileSync(join(current, file), "utf8")] as const);
  // Nobody writes this Secret back, which is what a version would be for.
  return { resourceVersion: "", data: Object.fromEntries(data) };
}

/**
 * A watch of one object, the Secret, that needs no right on it. What cannot be read leaves the content that was read
 * last, and is logged once.
 */
export function followCertificateFolder(
  options: FollowCertificateFolderOptions,
): Watch<CertificateRecord> {
  const { folder, key, onChange, log, pollMilliseconds = POLL_MILLISECONDS } = options;
  let record: CertificateRecord | undefined;
  let readAt = performance.now();
  let problem: string | undefined;

  function take(now: CertificateRecord): void {
    readAt = performance.now();
    problem = undefined;
    if (isDeepStrictEqual(now, record)) return;
    const change = { key, ...(record && { old: record }), now };
    record = now;
    onChange(change);
  }

  function look(): void {
    try {
      take(read(folder));
    } catch (error) {
      // The code and the path alone: nothing of a file's content.
      const { code = "unreadable", path = folder } = error as NodeJS.ErrnoException;
      const found = `${code} ${path}`;
      if (found !== problem)
        log.error({ problem: found }, "the mounted certificate cannot be read");
      problem = found;
    }
  }

  look();
  const timer = setInterval(look, pollMilliseconds);
  return {
    get: (asked) => (asked === key ? record : undefined),
    values: () => (record ? [record] : []),
    synced: () => true,
    secondsSinceLastEvent: () => (performance.now() - readAt) / 1_000,
    refresh: async () => look(),
    stop: async () => clearInterval(timer),
  };
}
