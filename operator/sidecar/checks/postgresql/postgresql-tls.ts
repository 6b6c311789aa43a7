/** A fresh connection to PostgreSQL -> the stream to log in over, encrypted as the policy asks. */
import { constants, type X509Certificate } from "node:crypto";
import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { raceAbort } from "../abort.ts";
import { CheckError } from "../check.ts";
import { readUntil } from "../network/read-until.ts";
import { startTls } from "../network/start-tls.ts";
import type { TlsTarget } from "./postgresql-target.ts";

/** What the login runs over. */
export interface SecuredStream {
  stream: Duplex;
  /** Whether it is encrypted. */
  tls: boolean;
  /** The server's certificate, verified or not; unset without TLS. */
  certificate?: X509Certificate | undefined;
}

/** Length 8, then the number that asks for TLS instead of a protocol version. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Key exchange over elliptic curves alone. A server chooses the numbers of the older kind, and one with
 * 9,984 bits holds up the whole program for four seconds. P-256 first: it is what PostgreSQL before
 * version 18 speaks, and any other first guess costs a round trip.
 * A second handshake on the same connection is refused: a server could ask for one after the other.
 */
const KEY_EXCHANGE: ConnectionOptions = {
  ciphers: `${constants.defaultCoreCipherList}:!kDHE:!kRSA:!kPSK:!kSRP`,
  ecdhCurve: "P-256:X25519:P-384:P-521",
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  minVersion: "TLSv1.2",
};

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
    const stream = await handshake(socket, tlsOptions(target), signal);
    return { stream, tls: true, certificate: stream.getPeerX509Certificate() };
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
    ...KEY_EXCHANGE,
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
): Promise<TLSSocket> {
  const stream = startTls(socket, options);
  try {
    await raceAbort(once(stream, "secureConnect"), signal);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
