/**
 * Host name -> addresses. Not by `dns.lookup`: its getaddrinfo cannot be stopped, goes on for 20 s with a
 * dead name server and occupies one of two places for all lookups of the program meanwhile. Nor by
 * `dns.Resolver`: c-ares takes 70 ms of CPU for an answer of 64 KiB that is full of aliases.
 */
import { isIP } from "node:net";
import { isNoServersAddress, isRefusedAddress } from "../../../addresses/refused-addresses.ts";
import { readBeginning } from "../../read-bounded.ts";
import { abortError, limitSignal, raceAbort } from "../abort.ts";
import { CheckError, misconfigured } from "../check.ts";
import { askBothFamilies } from "./ask-both-families.ts";
import { type Answer, askNameServers } from "./ask-name-servers.ts";
import { MAX_ADDRESSES } from "./dns-message.ts";
import { createNameMemory, type Found, MAX_TTL_SECONDS } from "./name-memory.ts";
import { addressesInHosts, candidateNames, parseResolvConf } from "./resolv-conf.ts";
import type { NameServer } from "./send-query.ts";
import { askingAnewWithin, silenceWithin, startWaits } from "./waits.ts";

/** The addresses of a host, and how to say that they are of no use. */
export interface Resolution {
  /** At least one and at most MAX_ADDRESSES, IPv4 and IPv6 in turn. */
  addresses: string[];
  /**
   * To be called when none of them could be connected to: the next lookup asks anew, for all names of the search list.
   * Where name servers say nothing they serve on for their time, as others of this host may be reachable.
   */
  searchAgain(): void;
  /**
   * To be called when one of them was connected to and the check failed all the same: the same, but first the name of
   * the search list that had them is asked for.
   */
  outdate(): void;
}

/**
 * Looks up a host name or an IP literal, in memory while what was found there last is still good.
 * Rejects with a CheckError: HostNotFound (name servers know no address, or none that a server can have),
 * ResolverFailed (one of them failed or was silent, and none knew an address), Misconfigured (no host name,
 * or an address that may not be dialled), or the reason of `signal` as soon as that fires.
 */
export type Resolve = (
  host: string,
  signal: AbortSignal,
  options: LookupOptions,
) => Promise<Resolution>;

/** What a lookup is told besides its host. */
export interface LookupOptions {
  /** What lookup and connection may take together: how long name servers are waited for follows from it. */
  budgetMilliseconds: number;
  /**
   * To be told what the lookup takes, in milliseconds of CPU as estimated: when it begins, and for each name server
   * that is asked. Nothing where the answer is remembered or another check's lookup is joined.
   */
  onCost?: ((cpuMilliseconds: number) => void) | undefined;
}

/** Where names are looked up. */
export interface ResolveSources {
  /** Asked first: a pod's hostAliases count for the app, too. */
  hostsPath: string;
  /** Its name servers are asked; its search list and ndots complete short names. */
  resolvConfPath: string;
  /** Name servers instead of those; a test sets them. */
  servers?: NameServer[];
  /** A clock in milliseconds that never jumps; a test sets it. */
  now?: () => number;
}

/** A lookup that one or more checks wait for. */
interface Lookup {
  found: Promise<Found>;
  waiters: number;
  cancel(): void;
}

/** The most of a hosts file or resolv.conf that is read. */
const MAX_FILE_BYTES = 256 * 1024;
/**
 * What a lookup takes before its first question, and each question to one name server, in milliseconds of CPU with the
 * image's flags: a ring of 16 names that lead nowhere takes 70 for 128 questions. A silent name server is asked again,
 * which costs little.
 */
export const LOOKUP_MILLISECONDS = 0.2;
export const QUERY_MILLISECONDS = 0.6;
/** Where name servers listen. */
const DNS_PORT = 53;
const REFUSED_ADDRESS =
  "the host leads to an address that is not allowed: link-local, or a machine's metadata; name the server itself";
const NO_SERVERS_ADDRESS =
  "the host leads to no server: what name servers or the hosts file say is 0.0.0.0, as for blocked names, or the like";
/** A host name as DNS carries it, with the underscores that some names have. */
const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,253}$/;

/** The lookup for one program: checks that ask for the same host at once share one lookup. */
export function createResolve(sources: ResolveSources): Resolve {
  const memory = createNameMemory(sources.now ?? (() => performance.now()));
  const pending = new Map<string, Lookup>();

  return async (host, signal, options) => {
    const found = await addressesOf(host, signal, options);
    // Apps get nowhere by the others, and go on to the next address. As Misconfigured, which leaves running pods alone,
    // they made a pod ready again whose server had gone. Where the host is such an address itself it is refused below.
    const isUsed = (address: string) => address === host || !isNoServersAddress(address);
    const addresses = found.filter(isUsed);
    if (addresses.length === 0) {
      memory.searchAgain(host, found);
      throw new CheckError("HostNotFound", { problem: NO_SERVERS_ADDRESS });
    }
    // On every lookup, remembered or not: this is the one place that decides what may be dialled.
    if (addresses.some(isRefusedAddress)) throw misconfigured(REFUSED_ADDRESS);
    return {
      addresses,
      searchAgain: () => memory.searchAgain(host, found),
      outdate: () => memory.outdate(host, found),
    };
  };

  async function addressesOf(
    host: string,
    signal: AbortSignal,
    options: LookupOptions,
  ): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    if (!HOST_NAME.test(host)) throw new CheckError("Misconfigured");
    const remembered = memory.addressesOf(host);
    if (remembered) return remembered;
    const outdated = memory.outdatedAddressesOf(host);
    if (outdated) return askAnew(host, outdated, { ...options, signal });
    return (await join(host, signal, options)).addresses;
  }

  /**
   * What name servers say by now, or `outdated` where they say nothing in time: one refused login, also of another
   * dependency on the same host, would otherwise make each outage of theirs one of a healthy dependency.
   */
  async function askAnew(
    host: string,
    outdated: string[],
    { signal, ...options }: LookupOptions & { signal: AbortSignal },
  ): Promise<string[]> {
    const limit = limitSignal(signal, {
      milliseconds: askingAnewWithin(options.budgetMilliseconds),
      reason: "ResolverFailed",
    });
    try {
      return (await join(host, limit.signal, options)).addresses;
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      if (error instanceof CheckError && error.reason === "ResolverFailed") return outdated;
      // They say that it is gone: not to be used again should they fall silent next.
      memory.forget(host, outdated);
      throw error;
    } finally {
      limit.clear();
    }
  }

  /** Checks of one pod have the same budget, so that it does not matter which of them began. */
  async function join(host: string, signal: AbortSignal, options: LookupOptions): Promise<Found> {
    const lookup = pending.get(host) ?? start(host, options);
    lookup.waiters += 1;
    try {
      return await raceAbort(lookup.found, signal);
    } finally {
      lookup.waiters -= 1;
      // Nobody waits any more: with a dead name server, lookups would pile up without bound.
      if (lookup.waiters === 0) lookup.cancel();
    }
  }

  function start(host: string, { budgetMilliseconds, onCost }: LookupOptions): Lookup {
    onCost?.(LOOKUP_MILLISECONDS);
    const stop = new AbortController();
    const silenceMilliseconds = silenceWithin(budgetMilliseconds);
    const context = { sources, signal: stop.signal, silenceMilliseconds, onCost };
    const lookup: Lookup = {
      found: lookUp(host, memory.answeredNameOf(host), context).then((found) => {
        memory.remember(host, found);
        return found;
      }),
      waiters: 0,
      cancel() {
        pending.delete(host);
        stop.abort();
      },
    };
    pending.set(host, lookup);
    return lookup;
  }
}

/** The lookup of this program, in the files of its container. */
export const systemResolve: Resolve = createResolve({
  hostsPath: "/etc/hosts",
  resolvConfPath: "/etc/resolv.conf",
});

interface LookupContext {
  sources: ResolveSources;
  signal: AbortSignal;
  silenceMilliseconds: number;
  onCost: LookupOptions["onCost"];
}

async function lookUp(
  host: string,
  lastName: string | undefined,
  { sources, signal, silenceMilliseconds, onCost }: LookupContext,
): Promise<Found> {
  const listed = addressesInHosts(readText(sources.hostsPath), host);
  if (listed.length > 0) {
    return { addresses: inTurn(listed), ttlSeconds: MAX_TTL_SECONDS };
  }
  const { tcpOnly, ...conf } = parseResolvConf(readText(sources.resolvConfPath));
  const servers = sources.servers ?? conf.servers.map((address) => ({ address, port: DNS_PORT }));
  const waits = startWaits(silenceMilliseconds);
  const onQuery = () => onCost?.(QUERY_MILLISECONDS);
  const ask = askNameServers({ servers, tcpOnly, signal, waits, onQuery });
  // First the one that had addresses last time. When it has none any more, the others in their order.
  const names = [...new Set([lastName ?? [], candidateNames(host, conf)].flat())];
  const before: Answer[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    const answer = await askBothFamilies(ask, { name, isLast: name === names.at(-1) }, waits);
    const { addresses, ttlSeconds } = answer;
    if (addresses.length > 0) {
      const answeredName = before.every(isSure) ? name : undefined;
      return { addresses: inTurn(addresses), ttlSeconds, answeredName };
    }
    before.push(answer);
  }
  throw new CheckError(before.some(({ failed }) => failed) ? "ResolverFailed" : "HostNotFound");
}

/** After any other answer no later name is followed: this one may be the app's, once it is answered again. */
const isSure = ({ failed, outOfTurn }: Answer) => !failed && !outOfTurn;

/** IPv4 and IPv6 in turn, so that a family that is not routed here costs one attempt, not all. */
function inTurn(addresses: string[]): string[] {
  const unique = [...new Set(addresses)];
  const families = [4, 6].map((family) => unique.filter((address) => isIP(address) === family));
  const longest = Math.max(...families.map((family) => family.length));
  return Array.from({ length: longest }, (_, index) =>
    families.flatMap((family) => family.slice(index, index + 1)),
  )
    .flat()
    .slice(0, MAX_ADDRESSES);
}

/**
 * A file that is missing holds nothing: a lookup then goes on without it. Not by the two threads of the pool: a check
 * of 16 names waited for 32 reads there, until its time was over and nobody had been asked.
 */
function readText(path: string): string {
  try {
    return readBeginning(path, MAX_FILE_BYTES)?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}
