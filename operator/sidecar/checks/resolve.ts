/**
 * Host name -> addresses. Not by `dns.lookup`: its getaddrinfo cannot be stopped, goes on for 20 s with a
 * dead name server and occupies one of two places for all lookups of the program meanwhile.
 */
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { raceAbort } from "./abort.ts";
import { CheckError } from "./check.ts";
import { isRefusedAddress } from "./refused-addresses.ts";
import { addressesInHosts, candidateNames, parseResolvConf } from "./resolv-conf.ts";

/**
 * The addresses of a host name or IP literal, at least one and at most MAX_ADDRESSES, IPv4 and IPv6 in turn.
 * Rejects with a CheckError: HostNotFound, ConnectTimeout (no name server answered), Misconfigured (no
 * host name, or an address that may not be dialled), or the reason of `signal` as soon as that fires.
 */
export type Resolve = (host: string, signal: AbortSignal) => Promise<string[]>;

/** Where names are looked up. */
export interface ResolveSources {
  /** Asked first: a pod's hostAliases count for the app, too. */
  hostsPath: string;
  /** Its search list and ndots complete short names. */
  resolvConfPath: string;
  /** Name servers as `address:port`; unset: those of the system's resolv.conf. */
  servers?: string[];
}

/** A lookup that one or more checks wait for. */
interface Lookup {
  addresses: Promise<string[]>;
  waiters: number;
  cancel(): void;
}

/** The most addresses of one name that are used. */
const MAX_ADDRESSES = 16;
/** The most of a hosts file or resolv.conf that is read, in characters. */
const MAX_FILE_LENGTH = 256 * 1024;
/** A lost datagram is sent again after this long; the caller's signal ends the whole. */
const RESOLVER_OPTIONS = { timeout: 1_000, tries: 3 };
/** RFC 8305's Resolution Delay, with a timer that keeps no process awake. */
const OTHER_FAMILY_MILLISECONDS = 50;
const UNREF = { ref: false };
/** A host name as DNS carries it, with the underscores that some names have. */
const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,253}$/;

/** The lookup for one program: checks that ask for the same host at once share one lookup. */
export function createResolve(sources: ResolveSources): Resolve {
  const pending = new Map<string, Lookup>();
  return async (host, signal) => {
    const addresses = isIP(host) === 0 ? await join(host, signal) : [host];
    if (addresses.some(isRefusedAddress)) throw new CheckError("Misconfigured");
    return addresses;
  };

  async function join(host: string, signal: AbortSignal): Promise<string[]> {
    if (!HOST_NAME.test(host)) throw new CheckError("Misconfigured");
    const lookup = pending.get(host) ?? startLookup(host, sources);
    pending.set(host, lookup);
    lookup.waiters += 1;
    try {
      return await raceAbort(lookup.addresses, signal);
    } finally {
      lookup.waiters -= 1;
      if (lookup.waiters === 0) {
        // Nobody waits any more: with a dead name server, lookups would pile up without bound.
        pending.delete(host);
        lookup.cancel();
      }
    }
  }
}

/** The lookup of this program, in the files of its container. */
export const systemResolve: Resolve = createResolve({
  hostsPath: "/etc/hosts",
  resolvConfPath: "/etc/resolv.conf",
});

function startLookup(host: string, sources: ResolveSources): Lookup {
  const stop = new AbortController();
  const resolver = new Resolver(RESOLVER_OPTIONS);
  if (sources.servers) resolver.setServers(sources.servers);
  return {
    addresses: lookUp(host, { sources, resolver, signal: stop.signal }),
    waiters: 0,
    cancel() {
      stop.abort();
      resolver.cancel();
    },
  };
}

async function lookUp(
  host: string,
  {
    sources,
    resolver,
    signal,
  }: { sources: ResolveSources; resolver: Resolver; signal: AbortSignal },
): Promise<string[]> {
  const listed = addressesInHosts(await readText(sources.hostsPath), host);
  if (listed.length > 0) return inTurn(listed);
  const search = parseResolvConf(await readText(sources.resolvConfPath));
  let timedOut = false;
  for (const name of candidateNames(host, search)) {
    signal.throwIfAborted();
    const answers = await askBothFamilies(resolver, name);
    const addresses = answers.flatMap((answer) => answer.addresses);
    if (addresses.length > 0) return inTurn(addresses);
    timedOut ||= answers.some((answer) => answer.timedOut);
  }
  throw new CheckError(timedOut ? "ConnectTimeout" : "HostNotFound");
}

/** What one question came to. */
interface Answer {
  addresses: string[];
  timedOut: boolean;
}

/**
 * Asks for IPv4 and IPv6. Once one of them has addresses, the other gets a moment more: a name server that
 * drops questions for IPv6 must not make a reachable database look unreachable.
 */
async function askBothFamilies(resolver: Resolver, name: string): Promise<Answer[]> {
  const questions = [ask(resolver.resolve4(name)), ask(resolver.resolve6(name))];
  const both = Promise.all(questions);
  const found = Promise.any(questions.map(withAddresses));
  const oneFamily = found.then((answer) => sleep(OTHER_FAMILY_MILLISECONDS, [answer], UNREF));
  return Promise.race([both, oneFamily.catch(() => both)]);
}

async function withAddresses(question: Promise<Answer>): Promise<Answer> {
  const answer = await question;
  if (answer.addresses.length === 0) throw new CheckError("HostNotFound");
  return answer;
}

/**
 * Never rejects: the other family or the next name of the search list may still answer. Any code but a
 * timeout counts as "not found", ECONNREFUSED included: that is the name server's port, not the dependency's.
 */
async function ask(query: Promise<string[]>): Promise<Answer> {
  try {
    return { addresses: await query, timedOut: false };
  } catch (error) {
    return { addresses: [], timedOut: (error as { code?: unknown }).code === "ETIMEOUT" };
  }
}

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

/** A file that is missing holds nothing: a lookup then goes on without it. */
async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).slice(0, MAX_FILE_LENGTH);
  } catch {
    return "";
  }
}
