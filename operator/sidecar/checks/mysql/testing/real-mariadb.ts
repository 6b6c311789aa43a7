/** Test fixture: Debian's MariaDB on free ports of 127.0.0.1. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { freePort, type RealServer, startRealServer } from "../../testing/real-server.ts";

/** A folder with an initialised database, to start one server in. */
export interface DatabaseFolder {
  /** Starts the server; `settings` are those of its command line, `certificate` turns TLS on. */
  start(settings?: Record<string, string>, certificate?: ServerCertificate): Promise<RealServer>;
  /** Runs statements as the superuser, whatever the limits are; gives what the client prints. */
  sql(...statements: string[]): Promise<string>;
  /** Removes the folder; the server must be stopped. */
  remove(): void;
}

/** Whom the checks log in as; owns the database `orders`. */
export const APP = { user: "app", password: "a password" };

const INSTALL = "MariaDB is not installed; install it with: apt-get install -y mariadb-server";
const SERVER = "/usr/sbin/mariadbd";

const READY = "ready for connections";

/** As small as it goes, and no time for the disk: what a test writes may be lost. */
const SETTINGS = {
  "bind-address": "127.0.0.1",
  "innodb-buffer-pool-size": "8M",
  "innodb-log-file-size": "4M",
  "innodb-flush-log-at-trx-commit": "0",
  "key-buffer-size": "1M",
  "skip-log-bin": "1",
};

/** Makes a database folder and prints the server's version. */
export function createDatabaseFolder(): DatabaseFolder {
  if (!existsSync(SERVER)) throw new Error(INSTALL);
  console.log(execFileSync(SERVER, ["--version"], { encoding: "utf8" }).trim());
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-mariadb-"));
  const data = join(folder, "data");
  const socket = join(folder, "socket");
  makeOwner(folder);
  const { uid, gid } = owner();
  // A starting server removes what it takes for left-overs of its own from the folder for temporary files.
  const common = ["--no-defaults", `--datadir=${data}`, `--tmpdir=${folder}`];
  const install = ["--auth-root-authentication-method=normal", "--skip-test-db"];
  execFileSync("mariadb-install-db", [...common, ...install], {
    uid,
    gid,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const sql = async (...statements: string[]) => {
    const args = [
      "--no-defaults",
      // The client of MariaDB 11.4 and newer else verifies the server's certificate, also by the socket.
      "--skip-ssl",
      `--socket=${socket}`,
      "-uroot",
      "-N",
      "-e",
      statements.join(";"),
    ];
    return (await promisify(execFile)("mariadb", args)).stdout.trim();
  };
  let isNew = true;
  return {
    async start(settings = {}, certificate) {
      const port = await freePort();
      // MariaDB 11.4 and newer else makes a certificate of its own.
      const tls = certificate ? writeCertificate(folder, certificate) : { ssl: "0" };
      const options = { ...SETTINGS, ...tls, ...settings, port: String(port), socket };
      const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
      const server = await startRealServer({
        command: SERVER,
        args: [...common, ...args],
        port,
        user: owner(),
        stopSignal: "SIGTERM",
        readyText: READY,
      });
      if (isNew) await sql(...FIRST_STATEMENTS);
      isNew = false;
      return server;
    },
    sql,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const FIRST_STATEMENTS = [
  "CREATE DATABASE orders",
  `CREATE USER ${APP.user}@'%' IDENTIFIED BY '${APP.password}'`,
  `GRANT ALL ON orders.* TO ${APP.user}@'%'`,
];

function writeCertificate(
  folder: string,
  { cert, key }: ServerCertificate,
): Record<string, string> {
  const certFile = join(folder, "server.crt");
  const keyFile = join(folder, "server.key");
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  chmodSync(keyFile, 0o600);
  makeOwner(keyFile);
  return { "ssl-cert": certFile, "ssl-key": keyFile };
}

/** MariaDB refuses to run as root; its Debian package brings this user along. */
function owner(): { uid: number; gid: number } {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid };
  const id = (flag: string) => Number(execFileSync("id", [flag, "mysql"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function makeOwner(path: string): void {
  const { uid, gid } = owner();
  chownSync(path, uid, gid);
}
