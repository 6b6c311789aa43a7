/** Test fixture: Debian's PostgreSQL on free ports of 127.0.0.1, with passwords by SCRAM. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";

/** A folder with an initialised database, to start one server in. */
export interface DatabaseFolder {
  /** Starts the server; `settings` are those of postgresql.conf, `readyText` is what it logs once it serves. */
  start(
    settings?: Record<string, string>,
    certificate?: ServerCertificate,
    readyText?: string,
  ): Promise<RealServer>;
  /** Makes the server a standby from its next start on, of a primary that is not there. */
  makeStandby(): void;
  /** Writes a file of access rules, to be named by the setting `hba_file`; gives its path. */
  writeRules(lines: string[]): string;
  /** Removes the folder; the server must be stopped. */
  remove(): void;
}

/** The superuser, who also owns the database of this name. */
export const SUPERUSER = { user: "postgres", password: "a superuser's password" };

const INSTALL = "PostgreSQL is not installed; install it with: apt-get install -y postgresql";
const PROGRAMS = "/usr/lib/postgresql";

const READY = "database system is ready to accept connections";

/** No time for the disk: what a test writes may be lost. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  shared_buffers: "1MB",
  max_wal_senders: "0",
};

/** Makes a database folder and prints the server's version. */
export function createDatabaseFolder(): DatabaseFolder {
  const programs = programsFolder();
  console.log(execFileSync(join(programs, "postgres"), ["-V"], { encoding: "utf8" }).trim());
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-postgresql-"));
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, SUPERUSER.password);
  makeOwner(folder, passwordFile);
  const password = ["-U", SUPERUSER.user, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
  const args = ["-D", data, ...password, "--no-sync", "--encoding", "UTF8", "--locale", "C"];
  execFileSync(join(programs, "initdb"), args, { ...owner(), stdio: ["ignore", "ignore", "pipe"] });
  return {
    async start(settings = {}, certificate, readyText = READY) {
      const port = await freePort();
      const tls = certificate ? writeCertificate(folder, certificate) : {};
      const options = Object.entries({ ...SETTINGS, ...tls, ...settings, port: String(port) });
      const args = ["-D", data, ...options.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
      const command = join(programs, "postgres");
      // SIGINT: disconnects everyone and waits for its children.
      return startRealServer({
        command,
        args,
        port,
        user: owner(),
        stopSignal: "SIGINT",
        readyText,
      });
    },
    makeStandby() {
      const signal = join(data, "standby.signal");
      writeFileSync(signal, "");
      makeOwner(signal);
    },
    writeRules(lines) {
      const file = join(folder, "rules");
      writeFileSync(file, `${lines.join("\n")}\n`);
      makeOwner(file);
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The folder of the newest version that is installed. */
function programsFolder(): string {
  const versions = existsSync(PROGRAMS) ? readdirSync(PROGRAMS).sort((a, b) => +a - +b) : [];
  const folder = join(PROGRAMS, versions.at(-1) ?? "", "bin");
  if (!existsSync(join(folder, "initdb"))) throw new Error(INSTALL);
  return folder;
}

function writeCertificate(
  folder: string,
  { cert, key }: ServerCertificate,
): Record<string, string> {
  const certFile = join(folder, "server.crt");
  const keyFile = join(folder, "server.key");
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  // The server refuses a key that others may read.
  chmodSync(keyFile, 0o600);
  makeOwner(keyFile);
  return { ssl: "on", ssl_cert_file: certFile, ssl_key_file: keyFile };
}

/** PostgreSQL and PgBouncer refuse to run as root; PostgreSQL's Debian package brings this user along. */
export function owner(): { uid: number; gid: number } {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid };
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Gives files and folders to that user. */
export function makeOwner(...paths: string[]): void {
  const { uid, gid } = owner();
  for (const path of paths) chownSync(path, uid, gid);
}
