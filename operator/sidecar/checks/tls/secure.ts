/** A fresh connection -> the stream to speak over, encrypted as the policy asks. The same for every type. */
import { constants, type X509Certificate } from "node:crypto";
import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { raceAbort } from "../abort.ts";
import { CheckError } from "../check.ts";
import { startTls } from "./start-tls.ts";
import type { TlsTarget } from "./tls-target.ts";

/** What the conversation runs over. */
export interface SecuredStream {
  stream: Duplex;
  /** Whether it is encrypted. */
  tls: boolean;
  /** The server's certificate, verified or not; unset without TLS. */
  certificate?: X509Certificate | undefined;
}

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

/** How to encrypt one connection. */
export interface SecureContext {
  /** The name that VerifyFull expects in the certificate. */
  host: string;
  /**
   * Asks the server in clear whether it speaks TLS. Unset: it does, from the first byte on; the mode Prefer
   * then is the same as Require.
   */
  offersTls?: () => Promise<boolean>;
  /**
   * Ends the conversation in order where a certificate does not verify; TLSFailed follows. Unset: the handshake
   * itself fails.
   */
  onUnverified?: (stream: Duplex) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Encrypts `socket` unless the mode is Disable. Rejects with TLSFailed (no TLS although the mode needs it, or
 * a certificate that does not verify), what `offersTls` rejects with, or what ended the connection.
 */
export async function secure(
  socket: Socket,
  target: TlsTarget,
  context: SecureContext,
): Promise<SecuredStream> {
  if (target.mode === "Disable") return { stream: socket, tls: false };
  const { offersTls } = context;
  if (offersTls === undefined || (await offersTls())) {
    try {
      const stream = await handshake(socket, target, context);
      return { stream, tls: true, certificate: stream.getPeerX509Certificate() };
    } catch (error) {
      // A server that has said yes and then speaks in clear breaks its own protocol; one that was not asked has
      // no TLS.
      throw !offersTls && isAnswerInClear(error) ? new CheckError("TLSFailed") : error;
    }
  }
  if (target.mode !== "Prefer") throw new CheckError("TLSFailed");
  return { stream: socket, tls: false };
}

function tlsOptions(
  { mode, ca }: TlsTarget,
  { host, onUnverified }: SecureContext,
): ConnectionOptions {
  const name = host.replace(/\.$/, "");
  return {
    ...KEY_EXCHANGE,
    host: name,
    // RFC 6066 forbids IP addresses in this extension; `host` above is what the certificate must name.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: mode === "VerifyFull" && onUnverified === undefined,
  };
}

async function handshake(
  socket: Socket,
  target: TlsTarget,
  context: SecureContext,
): Promise<TLSSocket> {
  const stream = startTls(socket, tlsOptions(target, context));
  try {
    await raceAbort(once(stream, "secureConnect"), context.signal);
    if (target.mode === "VerifyFull" && !stream.authorized) {
      await context.onUnverified?.(stream);
      throw new CheckError("TLSFailed");
    }
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** What the server sent is no TLS. */
function isAnswerInClear(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_SSL_WRONG_VERSION_NUMBER";
}
