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
const DAYS = ["-days", "2"];

/** Makes an authority with the `openssl` program, which Debian installs with PostgreSQL. */
export function createCertificates(): Certificates {
  const authority = inFolder((path) => {
    const files = ["-keyout", path("ca.key"), "-out", path("ca.crt")];
    openssl("req", "-x509", ...NEW_KEY, "-subj", "/CN=test authority", ...DAYS, ...files);
    return { cert: read(path("ca.crt")), key: read(path("ca.key")) };
  });
  return { ca: authority.cert, server: (name) => inFolder(signWith(authority, name)) };
}

type Path = (name: string) => string;

function signWith(authority: ServerCertificate, name: string): (path: Path) => ServerCertificate {
  return (path) => {
    writeFileSync(path("ca.crt"), authority.cert);
    writeFileSync(path("ca.key"), authority.key);
    writeFileSync(path("names"), `subjectAltName=${isIP(name) === 0 ? "DNS" : "IP"}:${name}\n`);
    const request = ["-keyout", path("server.key"), "-out", path("server.csr")];
    openssl("req", ...NEW_KEY, "-subj", `/CN=${name}`, ...request);
    const signer = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial"];
    const files = [
      "-in",
      path("server.csr"),
      "-extfile",
      path("names"),
      "-out",
      path("server.crt"),
    ];
    openssl("x509", "-req", ...DAYS, ...signer, ...files);
    return { cert: read(path("server.crt")), key: read(path("server.key")) };
  };
}

/** Runs `body` in a folder that is gone afterwards. */
function inFolder<T>(body: (path: Path) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-ca-"));
  try {
    return body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const read = (path: string) => readFileSync(path, "utf8");

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
