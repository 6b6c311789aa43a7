/** Test fixture: Debian's PgBouncer on a free port of 127.0.0.1, in front of one PostgreSQL. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";
import { makeOwner, owner } from "./real-postgresql.ts";

/** How one PgBouncer differs from another. */
export interface PgbouncerOptions {
  /** The port of the PostgreSQL behind it. */
  server: number;
  /** The passwords of its users, by name, with which it also logs in at the server. */
  users: Record<string, string>;
  settings?: Record<string, string>;
  /** Rules of access, as in pg_hba.conf; unset: a password by SCRAM. */
  rules?: string[];
  certificate?: ServerCertificate;
}

const PROGRAM = "/usr/sbin/pgbouncer";

/** The version that is installed. */
export function pgbouncerVersion(): string {
  return execFileSync(PROGRAM, ["-V"], { encoding: "utf8" }).split("\n")[0] ?? "";
}

/** Starts one whose only database is `postgres`. Its folder goes when it is stopped. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<RealServer> {
  const { server, users, settings, rules, certificate } = options;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-pgbouncer-"));
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    chmodSync(file, 0o600);
    makeOwner(file);
    return file;
  };
  makeOwner(folder);
  const lines = Object.entries(users).map(([name, password]) => `"${name}" "${password}"\n`);
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: write("users", lines.join("")),
    ...(rules && { auth_type: "hba", auth_hba_file: write("rules", `${rules.join("\n")}\n`) }),
    ...(certificate && {
      client_tls_sslmode: "require",
      client_tls_cert_file: write("tls.crt", certificate.cert),
      client_tls_key_file: write("tls.key", certificate.key),
    }),
    ...settings,
  };
  const database = `[databases]\npostgres = host=127.0.0.1 port=${server}\n`;
  const others = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
  const args = [write("pgbouncer.ini", `${database}[pgbouncer]\n${others.join("")}`)];
  // SIGQUIT: at once in every version; the other signals wait for clients in some.
  const pgbouncer = await startRealServer({
    command: PROGRAM,
    args,
    port,
    user: owner(),
    stopSignal: "SIGQUIT",
    readyText: "process up",
  });
  return {
    ...pgbouncer,
    async stop() {
      await pgbouncer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
