/** Decides which connections a server keeps, so that no client can use its bounds against another. */
import { BlockList, type Socket, type SocketAddress } from "node:net";
import { resetConnection } from "../../bounds/reset-connection.ts";

/** What a server bears. */
export interface ConnectionLimits {
  /** Connections that are open at once. */
  open: number;
  /** New connections in a second, of all source addresses together. */
  perSecond: number;
  /** New connections in a second that an address which has been here before gets even so. */
  perAddress: number;
  /** New connections in a second that all others get even so: as many each while there are few of them, then fewer. */
  reserve: number;
}

/** The rule of one server, in the two places where it is asked. */
export interface Admission {
  /**
   * For the server's options: refuses a new connection by its address alone, before Node makes a socket of it. That
   * costs as much as to read and answer one.
   */
  blockList: BlockList;
  /** How many connections it has refused so far. */
  refused: () => number;
  /** Takes a connection that was not refused, and says whether it may stay. One that may not has been ended. */
  hold: (socket: Socket) => boolean;
}

/** The most source addresses that are known; more than ask one pod all the time. Those that came first are kept. */
const MAX_KNOWN = 16;

/** How long an address that asks nothing is known, in seconds: several times the longest period of a probe. */
const KNOWN_SECONDS = 300;

/**
 * A rule with memory, for the connections of one server.
 *
 * Over `limits.open`, the source address that holds most connections loses its oldest one. Refusing the
 * newest, or ending the oldest of all, would let a client that opens connections without end keep the
 * kubelet out, and so make the pod unready.
 *
 * Over `limits.perSecond`, addresses that are known get another, up to `limits.perAddress` in that second, and all
 * others share `limits.reserve`. The rest are refused unread, which costs a tenth of an answer: under the CPU limit of
 * a sidecar a thousand answers a second would leave none for the kubelet. A limit for each address alone would let a
 * thousand of them ask for a thousand answers. The kubelet is known, as a rule: it has asked since the pod began. Where
 * others were there before it and keep its place, it has its share of the reserve.
 */
export function admitConnections(limits: ConnectionLimits): Admission {
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
    resetConnection(oldest);
  }

  function hold(socket: Socket): boolean {
    const address = socket.remoteAddress;
    // Without an address, the client has gone again already.
    if (address === undefined) {
      socket.destroy();
      return false;
    }
    byAddress.set(address, (byAddress.get(address) ?? new Set()).add(socket));
    open += 1;
    socket.once("close", () => forget(socket, address));
    if (open > limits.open) endOneOfTheGreediest();
    return !socket.destroyed;
  }

  const hasRoom = createCountOfSecond(limits);
  let refused = 0;
  const blocks = (address: string) => {
    const blocked = !hasRoom(address);
    if (blocked) refused += 1;
    return blocked;
  };
  return { blockList: new FullSecond(blocks), hold, refused: () => refused };
}

/** Blocks every address for which the present second has no room: a server asks it before anything else. */
class FullSecond extends BlockList {
  readonly #blocks: (address: string) => boolean;

  constructor(blocks: (address: string) => boolean) {
    super();
    this.#blocks = blocks;
  }

  override check(address: SocketAddress | string): boolean {
    return this.#blocks(typeof address === "string" ? address : address.address);
  }
}

/** Counts a new connection of this address, and says whether the present second has room for it. */
function createCountOfSecond(limits: ConnectionLimits): (address: string) => boolean {
  // Each known address with the second of its last connection, and how many it had in that one.
  const known = new Map<string, { second: number; count: number }>();
  // Of each other one, how many it got in the present second. Those that got none are not here: they have no bound.
  const others = new Map<string, number>();
  let all = 0;
  let second = 0;
  let taken = 0;

  function beginSecond(now: number): void {
    second = now;
    all = 0;
    taken = 0;
    others.clear();
    for (const [address, last] of known) {
      if (now - last.second > KNOWN_SECONDS) known.delete(address);
    }
  }

  /** How many this address has had in the present second; undefined while too many others are known. */
  function countOfKnown(address: string): number | undefined {
    const last = known.get(address);
    if (last === undefined && known.size >= MAX_KNOWN) return undefined;
    const count = last?.second === second ? last.count + 1 : 1;
    known.set(address, { second, count });
    return count;
  }

  /** Each may have the same share of `perAddress` that is left of the reserve: greedy ones leave some to the next. */
  function takesOfReserve(before: number): boolean {
    if (before * limits.reserve >= limits.perAddress * (limits.reserve - taken)) return false;
    taken += 1;
    return true;
  }

  function hasRoomForOther(address: string): boolean {
    const before = others.get(address) ?? 0;
    if (all > limits.perSecond && !takesOfReserve(before)) return false;
    others.set(address, before + 1);
    return true;
  }

  return (address) => {
    const now = Math.floor(performance.now() / 1_000);
    if (now !== second) beginSecond(now);
    all += 1;
    const count = countOfKnown(address);
    if (count === undefined) return hasRoomForOther(address);
    return all <= limits.perSecond || count <= limits.perAddress;
  };
}
