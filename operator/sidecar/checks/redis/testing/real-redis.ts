/** Test fixture: Debian's Redis on a free port of 127.0.0.1. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";

/** A folder for one server at a time and what it saves. */
export interface RedisFolder {
  /** Starts the server; `args` are settings of redis.conf, each as `--name value`. */
  start(args?: string[]): Promise<RealServer>;
  /** Starts the server with this certificate; its port then speaks TLS alone. `clients`: whether they need one too. */
  startTls(certificate: ServerCertificate, clients?: "yes" | "no"): Promise<RealServer>;
  /** Removes the folder; the server must be stopped. */
  remove(): void;
}

const INSTALL = "Redis is not installed; install it with: apt-get install -y redis-server";
const SETTINGS = ["--bind", "127.0.0.1", "--appendonly", "no", "--save", ""];

/** Makes a folder and prints the server's version. */
export function createRedisFolder(): RedisFolder {
  console.log(version());
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-redis-"));
  const start = async (port: number, args: string[]) =>
    startRealServer({
      command: "redis-server",
      args: [...SETTINGS, "--dir", folder, ...args],
      port,
      stopSignal: "SIGTERM",
    });
  return {
    async start(args = []) {
      const port = await freePort();
      return start(port, ["--port", String(port), ...args]);
    },
    async startTls({ cert, key }, clients = "no") {
      const port = await freePort();
      const path = (name: string) => join(folder, name);
      writeFileSync(path("server.crt"), cert);
      writeFileSync(path("server.key"), key);
      const files = ["--tls-cert-file", path("server.crt"), "--tls-key-file", path("server.key")];
      const asked = ["--tls-ca-cert-file", path("server.crt"), "--tls-auth-clients", clients];
      return start(port, ["--port", "0", "--tls-port", String(port), ...files, ...asked]);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Sends one inline command over a connection of its own and gives what comes first. */
export async function say(server: RealServer, command: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`${command}\r\n`);
  const [chunk] = await once(socket, "data");
  socket.destroy();
  return String(chunk);
}

function version(): string {
  try {
    return execFileSync("redis-server", ["--version"], { encoding: "utf8" }).trim();
  } catch {
    throw new Error(INSTALL);
  }
}
