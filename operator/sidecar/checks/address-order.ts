/** Which of a server name's addresses the checks of one dependency ask first. */
import { isIP } from "node:net";
import { forgetOldest } from "../../bounds/forget-oldest.ts";
import { MAX_ADDRESSES } from "./network/dns-message.ts";

/** As many as one dependency names: a memcached ring has 16 servers. */
const MAX_ENDPOINTS = 16;

/** What the last checks of one dependency say of the addresses behind its endpoints, `host:port` each. */
export interface AddressOrder {
  /**
   * The addresses of each family in this order: those where checks have succeeded, the last one first; those of which
   * nothing is known, as they come; those that have failed, the one that failed longest ago first. Families in turn, as
   * they come; where all of the first have failed, the one with the best address first.
   */
  inOrder(endpoint: string, addresses: string[]): string[];
  /** The server of this address was connected to and failed the check, or kept others from being dialled in time. */
  failed(endpoint: string, address: string): void;
  /** The server of this address was connected to, and passed the check. */
  succeeded(endpoint: string, address: string): void;
}

/**
 * Nothing is known yet. Some of a host's servers may accept and refuse, as those that start; apps go on to the next
 * then. Name servers give addresses in any order, so that checks would meet them by chance, now and then at all checks
 * that failureThreshold counts, and pods whose other servers are well would come and go.
 *
 * So a check that fails is followed by one at another server, until one is well; there the checks stay for as long as
 * it is. Were the last one that failed alone remembered, two that start would take turns, and a third would never be
 * asked. Where all fail, each has its turn, so that one that is well again is found within as many checks as there are
 * servers. What is no server's fault, as a wrong password, is met at all of them in turn, with one login a check as
 * ever, and any of them will do once it is mended. That none could be connected to changes nothing where all were
 * dialled: after a moment without network the checks go on where they were.
 *
 * Of one dependency alone: what another one cannot do on a server, as log in, says nothing of this one.
 */
export function createAddressOrder(): AddressOrder {
  /** Below zero where the last check there succeeded, above where it failed; farther from zero the later it was. */
  const ranksOf = new Map<string, Map<string, number>>();
  let checks = 0;
  function remember(endpoint: string, address: string, rank: number): void {
    const ranks = ranksOf.get(endpoint) ?? new Map<string, number>();
    putLast(ranks, [address, rank], MAX_ADDRESSES);
    putLast(ranksOf, [endpoint, ranks], MAX_ENDPOINTS);
  }
  return {
    inOrder: (endpoint, addresses) => sortFamilies(addresses, ranksOf.get(endpoint) ?? new Map()),
    failed: (endpoint, address) => {
      checks += 1;
      remember(endpoint, address, checks);
    },
    succeeded: (endpoint, address) => {
      checks += 1;
      remember(endpoint, address, -checks);
    },
  };
}

/**
 * Families keep their places: one that is not routed here must not come to be the first, where it costs each connection
 * a quarter of a second. Where all of the first family have failed, the best of the other leads: with a shorter time to
 * connect than that quarter, it would never be dialled behind one that is silent.
 */
function sortFamilies(addresses: string[], ranks: Map<string, number>): string[] {
  const rankOf = (address: string) => ranks.get(address) ?? 0;
  const ordered = addresses.toSorted((a, b) => rankOf(a) - rankOf(b));
  const places = addresses.map(isIP);
  const byFamily = Map.groupBy(ordered, isIP);
  const inPlaces = places.flatMap((family) => byFamily.get(family)?.shift() ?? []);
  const [leading] = inPlaces;
  const [best] = ordered;
  if (best === undefined || leading === undefined || rankOf(leading) <= 0) return inPlaces;
  return [best, ...inPlaces.filter((address) => address !== best)];
}

/**
 * Bounded by number alone, not to what the last lookup gave: of a name with more addresses than are used each lookup
 * gives others, and one that was not among them once would be met again.
 */
function putLast<T>(remembered: Map<string, T>, [key, value]: [string, T], most: number): void {
  remembered.delete(key);
  forgetOldest(remembered, most);
  remembered.set(key, value);
}
