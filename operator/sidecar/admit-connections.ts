/** Decides which connections a server keeps, so that no client can use its bounds against another. */
import type { Socket } from "node:net";

/** What a server bears. */
export interface ConnectionLimits {
  /** Connections that are open at once. */
  open: number;
  /** New connections in a second, of all source addresses together. */
  perSecond: number;
  /** New connections in a second that an address gets even so. */
  perAddress: number;
}

/** Says whether a new connection may stay. One that may not has been ended. */
export type AdmitConnection = (socket: Socket) => boolean;

/** The most source addresses that are counted in one second; then their counts start anew. */
const MAX_COUNTED = 1_024;

/**
 * A rule with memory, for the connections of one server.
 *
 * Over `limits.open`, the source address that holds most connections loses its oldest one. Refusing the
 * newest, or ending the oldest of all, would let a client that opens connections without end keep the
 * kubelet out, and so make the pod unready.
 *
 * Over `limits.perSecond`, only addresses that have had fewer than `limits.perAddress` in that second get
 * another. The rest are ended unread, which costs a third of an answer: under the CPU limit of a sidecar a
 * thousand answers a second would leave none for the kubelet. A limit for each address alone would let ten
 * of them ask for ten times as much.
 */
export function admitConnections(limits: ConnectionLimits): AdmitConnection {
  const hasRoom = createCountOfSecond(limits);
  // Addresses and sockets in the order in which they came. No set is ever empty.
  const byAddress = new Map<string, Set<Socket>>();
  let open = 0;

  function forget(socket: Socket, address: string): void {
    const sockets = byAddress.get(address);
    if (!sockets?.delete(socket)) return;
    open -= 1;
    if (sockets.size === 0) byAddress.delete(address);
  }

  function endOneOfTheGreediest(): void {
    let [greediest] = byAddress;
    for (const entry of byAddress) {
      if (entry[1].size > (greediest?.[1].size ?? 0)) greediest = entry;
    }
    const [oldest] = greediest?.[1] ?? [];
    if (!greediest || !oldest) return;
    forget(oldest, greediest[0]);
    oldest.destroy();
  }

  return (socket) => {
    const address = socket.remoteAddress;
    // Without an address, the client has gone again already.
    if (address === undefined || !hasRoom(address)) {
      socket.destroy();
      return false;
    }
    byAddress.set(address, (byAddress.get(address) ?? new Set()).add(socket));
    open += 1;
    socket.once("close", () => forget(socket, address));
    if (open > limits.open) endOneOfTheGreediest();
    return !socket.destroyed;
  };
}

/** Counts a new connection of this address, and says whether the present second has room for it. */
function createCountOfSecond(limits: ConnectionLimits): (address: string) => boolean {
  const counts = new Map<string, number>();
  let all = 0;
  let second = 0;
  return (address) => {
    const now = Math.floor(performance.now() / 1_000);
    if (now !== second) all = 0;
    if (now !== second || counts.size >= MAX_COUNTED) counts.clear();
    second = now;
    all += 1;
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    return all <= limits.perSecond || count <= limits.perAddress;
  };
}
