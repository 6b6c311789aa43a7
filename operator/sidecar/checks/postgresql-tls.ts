/** A fresh connection to PostgreSQL -> the stream to log in over, encrypted as the policy asks. */
import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as startTls } from "node:tls";
import { raceAbort } from "./abort.ts";
import { CheckError } from "./check.ts";
import type { TlsTarget } from "./postgresql-target.ts";
import { readUntil } from "./read-until.ts";

/** What the login runs over. */
export interface SecuredStream {
  stream: Duplex;
  /** Whether it is encrypted. */
  tls: boolean;
}

/** Length 8, then the number that asks for TLS instead of a protocol version. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Asks the server for TLS unless the mode is Disable. `host` is the name that VerifyFull expects in the
 * certificate. Rejects with TLSFailed (no TLS although the mode needs it, or a certificate that does not
 * verify), ProtocolError (an answer that is not PostgreSQL's), or what ended the connection.
 */
export async function secure(
  socket: Socket,
  target: TlsTarget & { host: string },
  signal: AbortSignal,
): Promise<SecuredStream> {
  if (target.mode === "Disable") return { stream: socket, tls: false };
  if (await offersTls(socket, signal)) {
    return { stream: await handshake(socket, tlsOptions(target), signal), tls: true };
  }
  if (target.mode !== "Prefer") throw new CheckError("TLSFailed");
  return { stream: socket, tls: false };
}

async function offersTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  let answer = "";
  socket.write(SSL_REQUEST);
  await readUntil({ stream: socket, socket, signal }, (chunk) => {
    answer = chunk.toString("latin1");
    return true;
  });
  // More than the one byte is either another protocol or someone who puts words, unencrypted, into the
  // mouth of the encrypted server (CVE-2021-23222).
  if (answer !== "S" && answer !== "N") throw new CheckError("ProtocolError");
  return answer === "S";
}

function tlsOptions({ mode, ca, host }: TlsTarget & { host: string }): ConnectionOptions {
  const name = host.replace(/\.$/, "");
  return {
    host: name,
    // RFC 6066 forbids IP addresses in this extension; `host` above is what the certificate must name.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: mode === "VerifyFull",
  };
}

async function handshake(
  socket: Socket,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = startTls({ ...options, socket });
  // For life: an alert that arrives after the check must not become an uncaught exception.
  stream.on("error", () => {});
  try {
    await raceAbort(once(stream, "secureConnect"), signal);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
