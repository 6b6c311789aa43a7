/** Who has to go when a server has no room for one more connection. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Connection {
  socket: Socket;
  /** Its key, see endsOf. */
  ends: string;
  /** Where it comes from. */
  address: string;
  /** Requests whose answer is not out yet. */
  requests: number;
}

/** The two ends of a connection; undefined when the peer has gone. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Those of the address that has most of them, in their order. */
function ofBusiestAddress(connections: Connection[]): Connection[] {
  const byAddress = Map.groupBy(connections, ({ address }) => address);
  const [most = []] = [...byAddress.values()].sort((one, other) => other.length - one.length);
  return most;
}

/** The connection that goes first; `connections` begin with the least recently used one. */
function firstToGo(connections: Connection[]): Connection | undefined {
  const idle = connections.filter(({ requests }) => requests === 0);
  return ofBusiestAddress(idle.length > 0 ? idle : connections)[0];
}

/**
 * Keeps at most `limit` connections, those in the handshake of TLS included. One more ends an idle one,
 * or one with a request where none is idle: of the address that has most of these, the one that has
 * been so for the longest time. Refusing the newcomer, as `maxConnections` does, would let any client
 * that holds idle connections keep the API server out; without a look at addresses a flood of new
 * connections would push out a kubelet's probe before it is read.
 */
export function capConnections(server: Server, limit: number): void {
  // Keyed by both ends of the connection: a request carries the TLS socket, from which the TCP socket
  // below cannot be found. The least recently used connection is first.
  const open = new Map<string, Connection>();

  function makeRoom(): void {
    if (open.size < limit) return;
    const leaving = firstToGo([...open.values()]);
    if (!leaving) return;
    open.delete(leaving.ends);
    leaving.socket.destroy();
  }

  server.on("connection", (socket: Socket) => {
    const ends = endsOf(socket);
    if (ends === undefined) {
      socket.destroy();
      return;
    }
    makeRoom();
    const connection = { socket, ends, address: socket.remoteAddress ?? "", requests: 0 };
    open.set(ends, connection);
    socket.once("close", () => {
      // A later connection may have the same ends.
      if (open.get(ends) === connection) open.delete(ends);
    });
  });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // A connection that was ended can still hand over requests that were parsed before; they are not
    // counted.
    if (request.socket.destroyed) return;
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
