/** A connected socket -> TLS over it, within bounds: the one way in which a check starts TLS. */

import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";
import { MAX_BYTES, MAX_CHUNKS } from "../network/read-until.ts";

/**
 * The most bytes that a server may send until its handshake is over. OpenSSL works through all its
 * certificates at once, and nothing else runs meanwhile: 95 KB of them, all that it takes, can keep a core
 * busy for 1.3 s, which are 13 s under the sidecar's CPU limit. Chains of public authorities are 4 to 8 KB.
 */
export const MAX_HANDSHAKE_BYTES = 16 * 1024;

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

type Bound = [bytes: number, reason: Reason];
const IN_HANDSHAKE: Bound = [MAX_HANDSHAKE_BYTES, "TLSFailed"];
const AFTER_HANDSHAKE: Bound = [MAX_BYTES, "ProtocolError"];

/**
 * A TLS client over `socket`, whose handshake has just begun. It fails with TLSFailed when the server sends
 * more than MAX_HANDSHAKE_BYTES before that is over, and with ProtocolError past MAX_BYTES in all. MAX_CHUNKS
 * counts for both. It does not matter what they carry: certificates, new keys, tickets and parts of a record
 * are no content that a reader could count. OpenSSL never sees more. The client ends with the socket, and keeps
 * an error listener for life: an alert that arrives after the check must not become an uncaught exception.
 */
export function startTls(socket: Socket, options: ConnectionOptions): TLSSocket {
  let handshakeIsOver = false;
  let passed = 0;
  let chunks = 0;
  const bounded = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _encoding, done) => socket.write(chunk, done),
    final: (done) => socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => {
    const [most, reason] = handshakeIsOver ? AFTER_HANDSHAKE : IN_HANDSHAKE;
    const room = most - passed;
    passed += chunk.length;
    chunks += 1;
    // What fits goes on even where not all does: OpenSSL may find that it is no TLS at all, and says so first.
    if (!bounded.push(chunk.subarray(0, room))) socket.pause();
    if (chunk.length > room || chunks > MAX_CHUNKS) bounded.destroy(new CheckError(reason));
  });
  socket.once("end", () => bounded.push(null));
  socket.once("error", (error) => bounded.destroy(error));
  socket.once("close", () => bounded.destroy());

  const stream = connect({ ...KEY_EXCHANGE, ...options, socket: bounded });
  stream.on("error", () => {});
  stream.once("secureConnect", () => {
    handshakeIsOver = true;
  });
  return stream;
}
