/** Test fixture: `openssl s_server` behind the first words of PostgreSQL, for TLS that node cannot be made to speak. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { type FakeServer, startFakeServer } from "../../testing/fake-server.ts";
import { freePort } from "../../testing/real-server.ts";
import { isSslRequest } from "./fake-postgresql.ts";

/** How long the program may take to listen, in milliseconds, on a busy machine. */
const START_TIMEOUT = 10_000;

/** A running server. */
export interface TlsServer {
  port: number;
  /** Types `text` into the program, whose commands are letters: `r` asks for another handshake. */
  type(text: string): void;
  close(): Promise<void>;
}

/** Starts the program with `args`; each connection is asked for TLS first, as PostgreSQL does it. */
export async function startTlsServer(args: string[]): Promise<TlsServer> {
  const port = await freePort();
  const child = spawn("openssl", ["s_server", "-port", String(port), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  await listening(child);
  const front = await startFront(port);
  return {
    port: front.port,
    type: (text) => child.stdin.write(text),
    async close() {
      await front.close();
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
  const more = ["-cert_chain", file("authorities", authorities.join(""))];
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

/** Says yes to TLS and then hands everything through. */
function startFront(port: number): Promise<FakeServer> {
  return startFakeServer((socket) => {
    const behind = connect(port, "127.0.0.1");
    behind.on("error", () => socket.destroy());
    behind.on("data", (chunk) => socket.write(chunk));
    behind.on("close", () => socket.end());
    socket.on("close", () => behind.destroy());
    socket.on("data", (chunk) => {
      if (isSslRequest(chunk)) socket.write("S");
      else behind.write(chunk);
    });
  });
}
