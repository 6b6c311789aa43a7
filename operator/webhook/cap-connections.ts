/** Who has to go when a server has no room for one more connection. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Connection {
  socket: Socket;
  /** Requests whose answer is not out yet. */
  requests: number;
}

/** The two ends of a connection; undefined when the peer has gone. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/**
 * Keeps at most `limit` connections, those in the handshake of TLS included. One more ends the idle
 * connection that has sent no request for the longest time; where none is idle, the one whose request
 * began first. Refusing the newcomer, as `maxConnections` does, would let any client that holds idle
 * connections keep the API server out.
 */
export function capConnections(server: Server, limit: number): void {
  // By their ends, because requests come with the socket of TLS, which does not tell the one below
  // it. The least recently used is first.
  const open = new Map<string, Connection>();

  function makeRoom(): void {
    if (open.size < limit) return;
    const connections = [...open];
    const idle = connections.find(([, { requests }]) => requests === 0);
    const [ends, { socket }] = (idle ?? connections[0]) as [string, Connection];
    open.delete(ends);
    socket.destroy();
  }

  server.on("connection", (socket: Socket) => {
    const ends = endsOf(socket);
    if (ends === undefined) {
      socket.destroy();
      return;
    }
    makeRoom();
    const connection = { socket, requests: 0 };
    open.set(ends, connection);
    socket.once("close", () => {
      // A later connection may have the same ends.
      if (open.get(ends) === connection) open.delete(ends);
    });
  });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const ends = endsOf(request.socket) ?? "";
    const connection = open.get(ends);
    if (!connection) return;
    open.delete(ends);
    open.set(ends, connection);
    connection.requests += 1;
    response.once("close", () => {
      connection.requests -= 1;
    });
  });
}
