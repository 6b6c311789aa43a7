/** Test fixture: a certificate authority that exists for one test run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts for a server. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

/** A certificate authority. */
export interface Certificates {
  /** Its own certificate, PEM. */
  ca: string;
  /** A certificate for the host name or IP address `name`. */
  server(name: string): ServerCertificate;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an authority with the `openssl` program, which Debian installs with PostgreSQL. */
export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-ca-"));
  const path = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(path(name), "utf8");
  // Last, so that a text can be read before the folder goes.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  openssl(
    "req",
    "-x509",
    ...NEW_KEY,
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.crt"),
  );
  return {
    ca: read("ca.crt"),
    server(name) {
      const alternative = `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`;
      writeFileSync(path("extensions"), `subjectAltName=${alternative}\n`);
      openssl(
        "req",
        ...NEW_KEY,
        "-subj",
        `/CN=${name}`,
        "-keyout",
        path("server.key"),
        "-out",
        path("server.csr"),
      );
      openssl(
        "x509",
        "-req",
        "-in",
        path("server.csr"),
        "-days",
        "2",
        "-CAcreateserial",
        "-CA",
        path("ca.crt"),
        "-CAkey",
        path("ca.key"),
        "-extfile",
        path("extensions"),
        "-out",
        path("server.crt"),
      );
      return { cert: read("server.crt"), key: read("server.key") };
    },
  };
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
