/** Test fixture: `openssl s_server`, for TLS that node cannot be made to speak. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort } from "../../testing/real-server.ts";

/** How long the program may take to listen, in milliseconds, on a busy machine. */
const START_TIMEOUT = 10_000;

/** A running server. */
export interface TlsServer {
  port: number;
  /** Types `text` into the program, whose commands are letters: `r` asks for another handshake. */
  type(text: string): void;
  close(): Promise<void>;
}

/** Starts the program with `args`. */
export async function startTlsServer(args: string[]): Promise<TlsServer> {
  const port = await freePort();
  const child = spawn("openssl", ["s_server", "-port", String(port), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  await listening(child);
  return {
    port,
    type: (text) => child.stdin.write(text),
    async close() {
      // It ends by itself when a handshake that was asked for comes to nothing.
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Starts the program with `args`, a certificate and all those that follow it, however bad they are. */
export async function startChainServer(
  { cert, key }: ServerCertificate,
  args: string[] = [],
): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-chain-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const [leaf = "", ...authorities] = cert.split(/(?=-----BEGIN)/);
  const files = ["-cert", file("leaf", leaf), "-key", file("key", key)];
  const above = authorities.join("");
  const more = above === "" ? [] : ["-cert_chain", file("authorities", above)];
  try {
    return await startTlsServer([...files, ...more, "-cipher", "DEFAULT@SECLEVEL=0", ...args]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function listening(child: ChildProcess): Promise<void> {
  let output = "";
  const collect = (text: Buffer) => {
    output += text;
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const end = performance.now() + START_TIMEOUT;
  while (!output.includes("ACCEPT")) {
    if (child.exitCode !== null || performance.now() > end) throw new Error(output);
    await sleep(20);
  }
}
