/** (host, port) -> connected socket: name resolution and connect inside one budget. */
import { connect as openSocket, type Socket } from "node:net";
import { MAX_PORT } from "../../../api/limits.ts";
import { abortError, limitSignal } from "../abort.ts";
import { type CheckContext, CheckError } from "../check.ts";
import type { Resolution, Resolve } from "./resolve.ts";

/** What is dialled. */
export interface Endpoint {
  /** A host name or an IP literal. */
  host: string;
  port: number;
}

/** What a connection needs to know of its check. */
export interface ConnectContext
  extends Pick<
    CheckContext,
    "signal" | "connectTimeoutMilliseconds" | "addressOrder" | "onConnect"
  > {
  resolve: Resolve;
}

/**
 * An address that stays silent for this long is joined by the next one, and the first that answers wins.
 * The figure is RFC 8305's.
 */
const NEXT_ADDRESS_MILLISECONDS = 250;
/** What an address that is dialled takes of the CPU, in milliseconds, with the image's flags. */
export const ADDRESS_MILLISECONDS = 0.2;

/** A connection to one of a host's addresses. */
export interface Connection {
  socket: Socket;
  /** To be called when the check fails all the same: the next one looks the host up, and has this address last. */
  failed(): void;
  /** To be called when the check succeeds: the next one has this address first. */
  succeeded(): void;
}

/** An open socket, and the address that it leads to. */
interface Opened {
  socket: Socket;
  address: string;
}

/**
 * A connection whose socket lives no longer than `signal`. It keeps an error listener for life, so that a
 * late reset cannot become an uncaught exception. The caller destroys it.
 * Rejects with the lookup's CheckError, an AggregateError when every address failed, ResolverFailed or
 * ConnectTimeout when the budget ran out before or after the lookup, CheckTimeout when `signal` fired.
 */
export async function connect(endpoint: Endpoint, context: ConnectContext): Promise<Connection> {
  if (!isPort(endpoint.port)) throw new CheckError("Misconfigured");
  const budget = limitSignal(context.signal, {
    milliseconds: context.connectTimeoutMilliseconds,
    reason: "ConnectTimeout",
  });
  const { host, port } = endpoint;
  const { addressOrder } = context;
  const key = `${host}:${port}`;
  try {
    const resolution = await lookUp(host, context, budget.signal);
    const addresses = addressOrder?.inOrder(key, resolution.addresses) ?? resolution.addresses;
    const dialled: string[] = [];
    const onDial = (address: string) => {
      dialled.push(address);
      context.onConnect?.(ADDRESS_MILLISECONDS);
    };
    const connecting = connectTo({ ...resolution, addresses }, { port, onDial }, budget.signal);
    const { socket, address } = await connecting.catch((error) => {
      // The time was over before the others had their turn, as it would be at each check to come.
      if (dialled.length < addresses.length)
        for (const silent of dialled) addressOrder?.failed(key, silent);
      throw error;
    });
    destroyOnAbort(socket, context.signal);
    return {
      socket,
      failed: () => {
        resolution.outdate();
        addressOrder?.failed(key, address);
      },
      succeeded: () => addressOrder?.succeeded(key, address),
    };
  } finally {
    budget.clear();
  }
}

/** Name servers that are silent for the whole budget say nothing about the dependency. */
async function lookUp(
  host: string,
  { resolve, connectTimeoutMilliseconds, onConnect }: ConnectContext,
  signal: AbortSignal,
): Promise<Resolution> {
  try {
    return await resolve(host, signal, {
      budgetMilliseconds: connectTimeoutMilliseconds,
      onCost: onConnect,
    });
  } catch (error) {
    const timedOut = error instanceof CheckError && error.reason === "ConnectTimeout";
    throw timedOut ? new CheckError("ResolverFailed") : error;
  }
}

interface Dialled {
  port: number;
  /** Called for each address that is dialled. */
  onDial: (address: string) => void;
}

/** Where nothing answers, the name may have other addresses by now: the next lookup asks for them. */
async function connectTo(
  { addresses, searchAgain }: Resolution,
  dialled: Dialled,
  signal: AbortSignal,
): Promise<Opened> {
  try {
    return await connectFirst(addresses, dialled, signal);
  } catch (error) {
    searchAgain();
    throw error;
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= MAX_PORT;
}

/**
 * Tries the addresses in their order, the next one as soon as one failed or stayed silent for a while.
 * Not by node's autoSelectFamily, which gives each address but the last up after 250 ms: one lost packet
 * is sent again after a second.
 */
function connectFirst(
  addresses: string[],
  { port, onDial }: Dialled,
  signal: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const waiting = [...addresses];
    const open = new Set<Socket>();
    const errors: Error[] = [];
    let timer: NodeJS.Timeout | undefined;

    const onAbort = () => finish(() => reject(abortError(signal)));
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      waiting.length = 0;
      signal.removeEventListener("abort", onAbort);
      settle();
      for (const socket of open) socket.destroy();
    };
    const failed = (socket: Socket, error: Error) => {
      // A socket that has connected has left the set; whoever reads from it handles its errors.
      if (!open.delete(socket)) return;
      errors.push(error);
      if (errors.length < addresses.length) tryNext();
      else finish(() => reject(new AggregateError(errors)));
    };
    const won = (opened: Opened) => {
      open.delete(opened.socket);
      finish(() => resolve(opened));
    };
    const tryNext = () => {
      clearTimeout(timer);
      const address = waiting.shift();
      if (address === undefined) return;
      onDial(address);
      const socket = openSocket({ host: address, port, noDelay: true });
      open.add(socket);
      socket.on("error", (error) => failed(socket, error));
      socket.once("connect", () => {
        if (isWithItself(socket)) socket.destroy(refused());
        else won({ socket, address });
      });
      timer = setTimeout(tryNext, NEXT_ADDRESS_MILLISECONDS);
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    tryNext();
  });
}

/**
 * Nobody listens there: on loopback, and at the pod's own address, Linux may choose for the near end the very port that
 * is dialled, and TCP connects such a socket with itself. A `tcp` check would count it as up.
 */
function isWithItself({ localAddress, localPort, remoteAddress, remotePort }: Socket): boolean {
  return localPort === remotePort && localAddress === remoteAddress;
}

function refused(): Error {
  return Object.assign(new Error("connected with itself"), { code: "ECONNREFUSED" });
}

/** At the deadline a socket is destroyed, not ended: a dead peer would not answer a goodbye. */
function destroyOnAbort(socket: Socket, signal: AbortSignal): void {
  const onAbort = () => socket.destroy();
  signal.addEventListener("abort", onAbort);
  socket.once("close", () => signal.removeEventListener("abort", onAbort));
}
