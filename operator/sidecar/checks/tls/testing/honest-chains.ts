/** Test fixture: chains of certificates as they should be, with keys of any kind. Made by `openssl`. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerCertificate } from "../../testing/certificates.ts";

/** What `openssl req -newkey` takes for each kind of key. */
export const KEY_KINDS = {
  "RSA-4096": ["rsa:4096"],
  "P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
} as const;

const LEVELS = ["root", "intermediate", "localhost"] as const;

/** A server of localhost that sends its own certificate, that of who has signed it, and the root. */
export function honestChain(kind: keyof typeof KEY_KINDS): ServerCertificate {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-honest-"));
  const certificate = (level: string) => join(folder, `${level}.crt`);
  const key = (level: string) => join(folder, `${level}.key`);
  try {
    for (const [index, level] of LEVELS.entries()) {
      const signer = LEVELS[index - 1];
      execFileSync(
        "openssl",
        [
          ...["req", "-x509", "-days", "2", "-nodes", "-subj", `/CN=${level}`],
          ...["-newkey", ...KEY_KINDS[kind]],
          ...["-keyout", key(level), "-out", certificate(level)],
          ...(signer ? ["-CA", certificate(signer), "-CAkey", key(signer)] : []),
        ],
        { stdio: ["ignore", "ignore", "pipe"] },
      );
    }
    const chain = [...LEVELS].reverse().map((level) => readFileSync(certificate(level), "utf8"));
    return { cert: chain.join(""), key: readFileSync(key("localhost"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
