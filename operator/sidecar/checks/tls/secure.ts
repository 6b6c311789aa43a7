/** A fresh connection -> the stream to speak over, encrypted as the policy asks. The same for every type. */
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { raceAbort } from "../abort.ts";
import { type CheckContext, CheckError } from "../check.ts";
import { NO_TLS, problemOfCode } from "../problem-of-error.ts";
import { codeOf } from "../reason-of-error.ts";
import { createHandshakeCosts } from "./handshake-costs.ts";
import type { TlsTarget } from "./tls-target.ts";

/** What the conversation runs over. */
export interface SecuredStream {
  stream: Duplex;
  /** Whether it is encrypted. */
  tls: boolean;
  /** The server's certificate, verified or not; unset without TLS. */
  certificate?: X509Certificate | undefined;
}

/** How to encrypt one connection. */
export interface SecureOptions {
  /** The name that VerifyFull expects in the certificate. */
  host: string;
  /**
   * The host that was dialled. What handshakes cost is remembered by it and by `host`: behind one front each name has a
   * server of its own. Unset: `host`.
   */
  dialled?: string;
  /**
   * Asks the server in clear whether it speaks TLS. Unset: it does, from the first byte on; the mode Prefer
   * then is the same as Require.
   */
  offersTls?: () => Promise<boolean>;
  /** Tells the server in clear that the handshake follows. */
  announceTls?: () => void;
  /**
   * Ends the conversation in order over this stream: in clear where there is no TLS or no handshake may begin, or
   * encrypted where the certificate does not verify. TLSFailed follows. Unset: the connection is just closed, and a
   * certificate that does not verify ends its handshake.
   */
  endInOrder?: (stream: Duplex) => Promise<void>;
  /** Told what the handshake took, in milliseconds of CPU, once it is over; not where none began. */
  onHandshake?: CheckContext["onHandshake"];
  signal: AbortSignal;
}

/**
 * Encrypts `socket` unless the mode is Disable. Rejects with TLSFailed (no TLS although the mode needs it, or
 * a certificate that does not verify), what `offersTls` rejects with, or what ended the connection.
 */
export async function secure(
  socket: Socket,
  target: TlsTarget,
  options: SecureOptions,
): Promise<SecuredStream> {
  if (target.mode === "Disable") return { stream: socket, tls: false };
  const { offersTls } = options;
  if (offersTls === undefined || (await offersTls())) {
    try {
      const stream = await handshake(socket, target, options);
      return { stream, tls: true, certificate: stream.getPeerX509Certificate() };
    } catch (error) {
      // A server that has said yes and then speaks in clear breaks its own protocol; one that was not asked has
      // no TLS.
      throw !offersTls && isAnswerInClear(error) ? tlsFailed(NO_TLS) : error;
    }
  }
  if (target.mode !== "Prefer") return refuse(socket, options, NO_TLS);
  return { stream: socket, tls: false };
}

const tlsFailed = (problem?: string) => new CheckError("TLSFailed", { problem });

async function refuse(
  stream: Duplex,
  { endInOrder }: SecureOptions,
  problem?: string,
): Promise<never> {
  await endInOrder?.(stream);
  throw tlsFailed(problem);
}

function tlsOptions(
  { mode, secureContext }: TlsTarget,
  { host, endInOrder }: SecureOptions,
): ConnectionOptions {
  const name = host.replace(/\.$/, "");
  return {
    host: name,
    // RFC 6066 forbids IP addresses in this extension; `host` above is what the certificate must name.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(secureContext === undefined ? {} : { secureContext }),
    rejectUnauthorized: mode === "VerifyFull" && endInOrder === undefined,
  };
}

/**
 * Longer than a round trip within a region and what a server takes to look for a certificate, in milliseconds. From
 * farther away a refusal comes long after what is written, and is read all the same.
 */
const REFUSAL_MILLISECONDS = 50;

/** Of this program, whose one thread all checks and probes share. */
const handshakeCosts = createHandshakeCosts(() => performance.now());

/** Rejects with TLSFailed also where the handshake takes too much of the CPU, now or a while ago. */
async function handshake(
  socket: Socket,
  target: TlsTarget,
  options: SecureOptions,
): Promise<TLSSocket> {
  // Loaded on first use: TLS costs a megabyte, which pods that speak in clear do not have to pay.
  const { startTls } = await import("./start-tls.ts");
  // What happened to the socket meanwhile, nobody has heard.
  if (socket.destroyed) throw new CheckError("ConnectionClosed");
  const { host, dialled = host } = options;
  const work = handshakeCosts.begin(`${host}|${dialled}:${socket.remotePort}`);
  if (work === undefined) return refuse(socket, options);
  options.announceTls?.();
  let cpu = 0;
  const add = (cpuMilliseconds: number) => {
    cpu += cpuMilliseconds;
    work.add(cpuMilliseconds);
  };
  const stream = startTls(socket, tlsOptions(target, options), { mayGoOn: work.mayGoOn, add });
  try {
    await raceAbort(once(stream, "secureConnect"), options.signal);
    await raceAbort(untilAccepted(stream), options.signal);
    if (!work.mayGoOn()) throw tlsFailed();
    const isRefused = target.mode === "VerifyFull" && !stream.authorized;
    if (!isRefused) return stream;
    return await refuse(stream, options, problemOfCode(String(stream.authorizationError)));
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    options.onHandshake?.(cpu);
  }
}

/**
 * In TLS 1.3 a server that requires a certificate of its client refuses when the client's part of the handshake is
 * over: it sends an alert and resets the connection. What is written just then fails, and the alert, which says why,
 * is never read. So where a server has asked for one, nothing is written before it could refuse, or gives a ticket for
 * another session. That the write fails says nothing: a proxy without a backend may reset then, too.
 */
async function untilAccepted(stream: TLSSocket): Promise<void> {
  if (!isAskedForCertificate(stream) || stream.getProtocol() !== "TLSv1.3") return;
  const decided = new AbortController();
  const decide = () => decided.abort();
  stream.once("session", decide).once("close", decide);
  await sleep(REFUSAL_MILLISECONDS, undefined, { signal: decided.signal }).catch(() => {});
  stream.off("session", decide).off("close", decide);
  if (stream.errored) throw stream.errored;
}

/** A client learns of the server's algorithms by that request alone, and node knows them while the stream lives. */
const isAskedForCertificate = (stream: TLSSocket) =>
  !stream.destroyed && stream.getSharedSigalgs().length > 0;

/** What the server sent is no TLS. */
function isAnswerInClear(error: unknown): boolean {
  return codeOf(error) === "ERR_SSL_WRONG_VERSION_NUMBER";
}
