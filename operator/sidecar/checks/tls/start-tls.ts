/** A connected socket -> TLS over it, within bounds: the one way in which a check starts TLS. */

import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";
import { MAX_BYTES, MAX_CHUNKS, tooMuch } from "../network/read-until.ts";
import { certificateRule } from "./certificate-rule.ts";
import { handshakeContents } from "./handshake-contents.ts";
import type { HandshakeWork } from "./handshake-costs.ts";
import { handshakeRule, recordSplitter, silenceRule } from "./tls-records.ts";

/**
 * The most bytes that a server may send until its handshake is over. OpenSSL works through all its
 * certificates at once, and nothing else runs meanwhile: 95 KB of them, all that it takes, can keep a core
 * busy for 1.3 s, which are 13 s under the sidecar's CPU limit. Chains of public authorities are 4 to 8 KB.
 */
export const MAX_HANDSHAKE_BYTES = 16 * 1024;

/**
 * The most records that it may come in. Each takes as long to open as a hundred bytes do, and 700 of one byte fit into
 * the bound above. Honest servers send six, or thirty where they cut their certificates into pieces of 512 bytes.
 */
export const MAX_HANDSHAKE_RECORDS = 64;

/**
 * Key exchange over elliptic curves alone. A server chooses the numbers of the older kind, and one with
 * 9,984 bits holds up the whole program for four seconds. P-256 first: it is what PostgreSQL before
 * version 18 speaks, and any other first guess costs a round trip.
 */
const KEY_EXCHANGE: SecureContextOptions = {
  ciphers: `${constants.defaultCoreCipherList}:!kDHE:!kRSA:!kPSK:!kSRP`,
  ecdhCurve: "P-256:X25519:P-384:P-521",
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  minVersion: "TLSv1.2",
};

const WITHOUT_LIMIT = { mayGoOn: () => true, add: () => {} };

interface Bound {
  bytes: number;
  records: number;
  /** What is past it. */
  failure(): CheckError;
}
const IN_HANDSHAKE: Bound = {
  bytes: MAX_HANDSHAKE_BYTES,
  records: MAX_HANDSHAKE_RECORDS,
  failure: () => new CheckError("TLSFailed"),
};
const AFTER_HANDSHAKE: Bound = { bytes: MAX_BYTES, records: MAX_CHUNKS, failure: tooMuch };

/** What startTls takes as `secureContext`: trusts these authorities alone, in PEM form. */
export function contextTrusting(ca: string): SecureContext {
  return createSecureContext({ ...KEY_EXCHANGE, ca });
}

/**
 * A TLS client over `socket`, whose handshake has just begun. It ends with the socket, and keeps an error listener for
 * life: an alert that arrives after the check must not become an uncaught exception. The server's part has bounds,
 * and OpenSSL never sees what is past them:
 *
 * - until the handshake is over, MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_RECORDS and MAX_CHUNKS pieces that arrive, or else
 *   TLSFailed
 * - in all, MAX_BYTES, MAX_CHUNKS pieces and MAX_CHUNKS records, or else `tooMuch`
 * - certificates that certificate-rule.ts lets come, or else TLSFailed
 * - no other handshake, or else TLSFailed
 * - what `work` lets go on, which is asked before each record of the handshake and told its cost, or else TLSFailed
 * - after the handshake, little that is no content (silenceRule), or else ProtocolError
 *
 * It does not matter what the bytes and records carry: certificates, new keys, tickets and parts of a record are no
 * content that a reader could count.
 */
export function startTls(
  socket: Socket,
  options: ConnectionOptions,
  work: Pick<HandshakeWork, "mayGoOn" | "add"> = WITHOUT_LIMIT,
): TLSSocket {
  let bound = IN_HANDSHAKE;
  let passed = 0;
  let chunks = 0;
  let records = 0;
  const split = recordSplitter();
  const mayCome = handshakeRule();
  const bounded = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _encoding, done) => socket.write(chunk, done),
    final: (done) => socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  const end = (failure: CheckError) => bounded.destroy(failure);
  const fail = (reason: Reason) => end(new CheckError(reason));
  const isHarmless = (record: Buffer) => {
    const content = contentOf(record);
    return content !== undefined && mayHaveCertificates(content) && work.mayGoOn();
  };
  const giveToOpenSsl = (record: Buffer) => {
    if (!bounded.push(record)) socket.pause();
  };
  const shakeHands = (record: Buffer) => {
    const before = process.threadCpuUsage();
    if (isHarmless(record)) giveToOpenSsl(record);
    else fail("TLSFailed");
    // OpenSSL's work alone. The kernel's is that of pages that had to be read anew, where memory is short: counted to
    // the server, it had honest ones left alone for longer each time, and a pod never ready.
    work.add(process.threadCpuUsage(before).user / 1_000);
  };
  // One by one: what follows the end of the handshake in the same piece is under the bounds of after it.
  const handOn = (record: Buffer) => {
    records += 1;
    if (!mayCome(record)) fail("TLSFailed");
    else if (records > bound.records) end(bound.failure());
    else if (bound === IN_HANDSHAKE) shakeHands(record);
    else giveToOpenSsl(record);
  };
  const take = (chunk: Buffer) => {
    const { bytes, failure } = bound;
    const room = bytes - passed;
    passed += chunk.length;
    chunks += 1;
    // What fits goes on even where not all does: OpenSSL may find that it is no TLS at all, and says so first.
    for (const record of split(chunk.subarray(0, room))) {
      if (bounded.destroyed) return;
      handOn(record);
    }
    if (chunk.length > room || chunks > MAX_CHUNKS) end(failure());
  };
  socket.on("data", take);
  socket.once("end", () => bounded.push(null));
  socket.once("error", (error) => bounded.destroy(error));
  socket.once("close", () => bounded.destroy());

  const stream = connect({ ...KEY_EXCHANGE, ...options, socket: bounded });
  const contentOf = handshakeContents(stream);
  const mayHaveCertificates = certificateRule();
  // node tells of an error of `bounded` and goes on until that is closed: who reads only then would not learn of it.
  stream.on("error", (error) => stream.destroy(error));
  stream.once("secureConnect", () => {
    bound = AFTER_HANDSHAKE;
  });
  const maySendMore = silenceRule();
  let isAfterHandshake = false;
  // The listener of `stream` was added before this one, so that the record has been worked through.
  bounded.on("data", (record: Buffer) => {
    if (isAfterHandshake && !maySendMore(record, stream.bytesRead)) fail("ProtocolError");
    isAfterHandshake = bound === AFTER_HANDSHAKE;
  });
  return stream;
}
