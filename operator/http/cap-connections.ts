/** Who has to go when a server has no room for one more connection. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { endsOf } from "./connection-ends.ts";
import { type KnownAddresses, knownAddresses, MAX_KNOWN } from "./known-addresses.ts";

interface Connection {
  /** Its key, see endsOf. */
  ends: string;
  /** Where it comes from. */
  address: string;
  /** Requests whose answer is not out yet. */
  requests: number;
  /** Ends it at once, and drops what the client has not read of an answer. */
  reset: () => void;
}

const addressOf = ({ address }: Connection) => address;

/** Those of the address that has most of them, in their order. */
function ofBusiestAddress(connections: Connection[]): Connection[] {
  const byAddress = Map.groupBy(connections, addressOf);
  const [most = []] = [...byAddress.values()].sort((one, other) => other.length - one.length);
  return most;
}

/** Of so many connections an address keeps this part, also idle ones, while another address holds more. */
const SPARED_PART = 1 / 32;

/** An address that is known keeps this part whoever comes: all of them half of the connections at most. */
const KNOWN_PART = 1 / (2 * MAX_KNOWN);

/**
 * Without those of known addresses that have `kept` at most. In a crowd of addresses that hold one or two each, an API
 * server that keeps three is the busiest, and one that asks every half a minute has been idle for longest.
 */
function ofOthers(connections: Connection[], known: KnownAddresses, kept: number): Connection[] {
  const byAddress = Map.groupBy(connections, addressOf);
  return connections.filter(
    ({ address }) => !known.has(address) || (byAddress.get(address)?.length ?? 0) > kept,
  );
}

/**
 * The connection that goes first; `connections` begin with the least recently used one. An idle one, as long as an
 * address has more than `spared` of them. Else one of the address that has most of all: a peer whose requests never
 * end has no idle ones, and would push out those that API servers keep or have just opened.
 */
function firstToGo(connections: Connection[], spared: number): Connection | undefined {
  const isIdle = ({ requests }: Connection) => requests === 0;
  const idle = ofBusiestAddress(connections.filter(isIdle));
  if (idle.length > spared) return idle[0];
  const most = ofBusiestAddress(connections);
  return most.find(isIdle) ?? most[0];
}

/**
 * Keeps at most `limit` connections, those in the handshake of TLS included. One more ends an idle one, or one with a
 * request where hardly any is idle: of the address that has most of these, the one that has been so for the longest
 * time. Addresses that were answered 200 before others keep some of theirs. Refusing the newcomer, as
 * `maxConnections` does, would let any client that holds idle connections keep the API server out; without a look at
 * addresses a flood of new connections would push out a kubelet's probe before it is read.
 */
export function capConnections(server: Server, limit: number): void {
  // Keyed by both ends of the connection: a request carries the TLS socket, from which the TCP socket
  // below cannot be found. The least recently used connection is first.
  const open = new Map<string, Connection>();
  const known = knownAddresses();

  function makeRoom(): void {
    if (open.size < limit) return;
    const others = ofOthers([...open.values()], known, Math.floor(limit * KNOWN_PART));
    const leaving = firstToGo(others, Math.floor(limit * SPARED_PART));
    if (!leaving) return;
    open.delete(leaving.ends);
    leaving.reset();
  }

  server.on("connection", (socket: Socket) => {
    const ends = endsOf(socket);
    if (ends === undefined) {
      socket.destroy();
      return;
    }
    makeRoom();
    const connection: Connection = {
      ends,
      address: socket.remoteAddress ?? "",
      requests: 0,
      reset: () => socket.resetAndDestroy(),
    };
    open.set(ends, connection);
    socket.once("close", () => {
      // A later connection may have the same ends.
      if (open.get(ends) === connection) open.delete(ends);
    });
  });

  /** From now on the connection may be at its end, when only what the parser reads from can reset it. */
  function resetByParsed({ socket }: IncomingMessage): void {
    const connection = open.get(endsOf(socket) ?? "");
    if (connection) connection.reset = () => socket.destroy();
  }
  server.prependListener("request", resetByParsed);
  if (server.listenerCount("checkExpectation") > 0) {
    server.prependListener("checkExpectation", resetByParsed);
  }

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
      if (response.writableFinished && response.statusCode === 200) {
        known.served(connection.address);
      }
    });
  });
}
