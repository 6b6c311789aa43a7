/** A connected socket -> TLS over it, within bounds: the one way in which a check starts TLS. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";
import { MAX_BYTES } from "../network/read-until.ts";

/**
 * The most bytes that a server may send until its handshake is over. OpenSSL works through all its
 * certificates at once, and nothing else runs meanwhile: 95 KB of them, all that it takes, can keep a core
 * busy for 1.3 s, which are 13 s under the sidecar's CPU limit. Chains of public authorities are 4 to 8 KB.
 */
export const MAX_HANDSHAKE_BYTES = 16 * 1024;

type Bound = [bytes: number, reason: Reason];
const IN_HANDSHAKE: Bound = [MAX_HANDSHAKE_BYTES, "TLSFailed"];
const AFTER_HANDSHAKE: Bound = [MAX_BYTES, "ProtocolError"];

/**
 * A TLS client over `socket`, whose handshake has just begun. It fails with TLSFailed when the server sends
 * more than MAX_HANDSHAKE_BYTES before that is over, and with ProtocolError past MAX_BYTES in all, whatever
 * they carry: certificates, new keys and tickets are no content that a reader could count. OpenSSL never sees
 * more. The client ends with the socket, and keeps an error listener for life: an alert that arrives after
 * the check must not become an uncaught exception.
 */
export function startTls(socket: Socket, options: ConnectionOptions): TLSSocket {
  let handshakeIsOver = false;
  let passed = 0;
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
    // What fits goes on even where not all does: OpenSSL may find that it is no TLS at all, and says so first.
    if (!bounded.push(chunk.subarray(0, room))) socket.pause();
    if (chunk.length > room) bounded.destroy(new CheckError(reason));
  });
  socket.once("end", () => bounded.push(null));
  socket.once("error", (error) => bounded.destroy(error));
  socket.once("close", () => bounded.destroy());

  const stream = connect({ ...options, socket: bounded });
  stream.on("error", () => {});
  stream.once("secureConnect", () => {
    handshakeIsOver = true;
  });
  return stream;
}
