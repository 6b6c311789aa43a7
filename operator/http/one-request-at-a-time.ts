/** One request at a time on each connection, each of them within a time. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { endsOf } from "./connection-ends.ts";
import { FramedConnection } from "./framed-connection.ts";

/** Finds the socket of TCP below one of TLS. Handshakes that fail are reset: what they sent may lie unread. */
function tcpBelow(server: TlsServer): (socket: Socket) => Socket | undefined {
  const open = new Map<string, Socket>();
  const find = (socket: Socket) => open.get(endsOf(socket) ?? "");
  server.on("connection", (socket: Socket) => {
    const ends = endsOf(socket);
    if (ends === undefined) return;
    open.set(ends, socket);
    socket.once("close", () => {
      // A later connection may have the same ends.
      if (open.get(ends) === socket) open.delete(ends);
    });
  });
  server.prependListener("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") find(socket)?.resetAndDestroy();
  });
  return find;
}

/**
 * Bounds what a connection of `server` can ask for; to be called before it listens, and after its own listener
 * for expectations is set. A connection ends on which something comes before the last request is answered:
 * neither API servers nor kubelets nor Prometheus send ahead, and each request sent ahead costs CPU and memory. A
 * connection also ends when the kernel has not taken an answer within `milliseconds` from its request's first byte, and
 * when the client of one that was ended after its answer has not ended it within as long. What is unread then is gone.
 */
export function oneRequestAtATime(server: Server, milliseconds: number): void {
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  const parse = server.listeners(event);
  server.removeAllListeners(event);
  const tcpOf = server instanceof TlsServer ? tcpBelow(server) : (socket: Socket) => socket;
  server.on(event, (socket: Socket) => {
    const connection = new FramedConnection(socket, milliseconds, tcpOf(socket));
    for (const listener of parse) listener.call(server, connection);
  });

  function watch(request: IncomingMessage, response: ServerResponse): void {
    const connection: unknown = request.socket; // what was handed to the parser above
    if (!(connection instanceof FramedConnection)) return;
    connection.answeredWith(response);
    response.once("finish", () => connection.next());
  }
  server.prependListener("request", watch);
  // With a listener Node leaves the answer to it; without one it answers 417, and nothing may follow.
  if (server.listenerCount("checkExpectation") > 0) {
    server.prependListener("checkExpectation", watch);
  }
}
