/** Test fixture: Debian's memcached on a free port of 127.0.0.1. */
import { execFileSync } from "node:child_process";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";

const INSTALL = "memcached is not installed; install it with: apt-get install -y memcached";

/** Starts a memcached server with these arguments more and prints its version. */
export async function startMemcached(...more: string[]): Promise<RealServer> {
  console.log(version());
  const port = await freePort();
  // As root it refuses to start without -u; 16 MB are plenty.
  const args = ["-u", "nobody", "-l", "127.0.0.1", "-p", String(port), "-m", "16", ...more];
  return startRealServer({ command: "memcached", args, port, stopSignal: "SIGTERM" });
}

function version(): string {
  try {
    return execFileSync("memcached", ["-V"], { encoding: "utf8" }).trim();
  } catch {
    throw new Error(INSTALL);
  }
}
