/** Test fixture: Debian's nginx on a free port of 127.0.0.1, with one server for each kind of answer. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";

/** A running nginx and the folder of its files. */
export interface RealNginx extends RealServer {
  /** The port of the same answers over TLS. */
  tlsPort: number;
  /** Lines of its access log: request line, status, bytes of the body, "c" where the answer was complete. */
  accessLog(): string;
}

const PROGRAM = "/usr/sbin/nginx";
const INSTALL = "nginx is not installed; install it with: apt-get install -y nginx";
const LARGE_BYTES = 4 * 1024 * 1024;

/** `/` answers by Host header, the other paths as they are called. `/slow` takes longer than any check, and
 * `/full` too, for one client at a time. */
const configuration = (folder: string, port: number, tlsPort: number) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 64; }
http {
  log_format outcome '$request $status $body_bytes_sent $request_completion';
  access_log ${folder}/access.log outcome;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ")}
  ssl_certificate ${folder}/server.crt;
  ssl_certificate_key ${folder}/server.key;
  limit_conn_zone $server_port zone=places:1m;
  server {
    listen 127.0.0.1:${port} default_server;
    listen 127.0.0.1:${tlsPort} ssl default_server;
    root ${folder}/files;
    location = / { return 421; }
    location = /redirect { return 302 /; }
    location = /missing { return 404; }
    location = /starting { return 503; }
    location = /full { limit_conn places 1; limit_rate 100; }
    location = /chunked.html { ssi on; }
    location = /slow { limit_rate 100; }
  }
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    server_name shop.example;
    location = / { return 200 ok; }
  }
}`;

/** Starts nginx with this certificate and prints its version. */
export async function startNginx(certificate: ServerCertificate): Promise<RealNginx> {
  const { stderr, error } = spawnSync(PROGRAM, ["-v"], { encoding: "utf8" });
  if (error) throw new Error(INSTALL);
  console.log(stderr.trim());
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-nginx-"));
  // Its worker runs as another user where this process is root.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "files"));
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  write("server.crt", certificate.cert);
  write("server.key", certificate.key);
  write("files/plain", "ok");
  write("files/full", "x".repeat(LARGE_BYTES));
  write("files/slow", "x".repeat(LARGE_BYTES));
  write("files/large", "x".repeat(LARGE_BYTES));
  write("files/chunked.html", `<!--#echo var="request_method" -->${"x".repeat(1_000)}`);
  const [port, tlsPort] = [await freePort(), await freePort()];
  write("nginx.conf", configuration(folder, port, tlsPort));
  const args = ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr"];
  const server = await startRealServer({ command: PROGRAM, args, port, stopSignal: "SIGTERM" });
  return {
    ...server,
    tlsPort,
    accessLog: () => readFileSync(join(folder, "access.log"), "utf8"),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
