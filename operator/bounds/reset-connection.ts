/** The end of a connection whose client may not have read its answer. */
import type { Socket } from "node:net";

/**
 * Ends a connection at once, and drops what the client has not read. A socket that is closed leaves it to the kernel
 * for up to six minutes, in the container's memory, where nothing here counts it: 500 clients a second that never read
 * came to 332 MB in the operator in 18 s, and one that asked for metrics to 23 MB in a sidecar in 30 s.
 *
 * `tcp` is what a socket of TLS is set up over: it alone can be reset, and the one above it follows by itself.
 */
export function resetConnection(socket: Socket, tcp = socket): void {
  const { writableEnded, writableFinished, writableLength } = socket;
  // While its end is handed to the kernel, Node fails to reset a socket and leaves it open for good.
  const isEnding = writableEnded && !writableFinished && writableLength === 0;
  if (isEnding || tcp.destroyed) socket.destroy();
  else tcp.resetAndDestroy();
}
