/** Decides which connections a server keeps, so that no client can use its bounds against another. */
import type { Socket } from "node:net";

/** What a server bears. */
export interface ConnectionLimits {
  /** Connections that are open at once. */
  open: number;
  /** New connections in a second, of all source addresses together. */
  perSecond: number;
  /** New connections in a second that an address which has been here before gets even so. */
  perAddress: number;
}

/** Says whether a new connection may stay. One that may not has been ended. */
export type AdmitConnection = (socket: Socket) => boolean;

/** The most source addresses that are known; more than ever ask one pod. Those that came first are kept. */
const MAX_KNOWN = 64;

/** How long an address that asks nothing is known, in seconds: several times the longest period of a probe. */
const KNOWN_SECONDS = 300;

/**
 * A rule with memory, for the connections of one server.
 *
 * Over `limits.open`, the source address that holds most connections loses its oldest one. Refusing the
 * newest, or ending the oldest of all, would let a client that opens connections without end keep the
 * kubelet out, and so make the pod unready.
 *
 * Over `limits.perSecond`, only addresses that are known get another, and only up to `limits.perAddress` in
 * that second. The rest are ended unread, which costs a third of an answer: under the CPU limit of a sidecar a
 * thousand answers a second would leave none for the kubelet. A limit for each address alone would let a
 * thousand of them ask for a thousand answers. The kubelet is known: it has asked since the pod began.
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
  // Each known address with the second of its last connection, and how many it had in that one.
  const known = new Map<string, { second: number; count: number }>();
  let all = 0;
  let second = 0;

  function beginSecond(now: number): void {
    second = now;
    all = 0;
    for (const [address, last] of known) {
      if (now - last.second > KNOWN_SECONDS) known.delete(address);
    }
  }

  /** How many this address has had in the present second; undefined while too many others are known. */
  function countOf(address: string): number | undefined {
    const last = known.get(address);
    if (last === undefined && known.size >= MAX_KNOWN) return undefined;
    const count = last?.second === second ? last.count + 1 : 1;
    known.set(address, { second, count });
    return count;
  }

  return (address) => {
    const now = Math.floor(performance.now() / 1_000);
    if (now !== second) beginSecond(now);
    all += 1;
    const count = countOf(address);
    return all <= limits.perSecond || (count !== undefined && count <= limits.perAddress);
  };
}
