/** Which of a server name's addresses the checks of one dependency ask first. */
import { isIP } from "node:net";
import { forgetOldest } from "../../bounds/forget-oldest.ts";

/** As many as one dependency names: a memcached ring has 16 servers. */
const MAX_ENDPOINTS = 16;

/** What the last checks of one dependency say of the addresses behind its endpoints, `host:port` each. */
export interface AddressOrder {
  /** The addresses as they come, but the one that failed last of its family. */
  inOrder(endpoint: string, addresses: string[]): string[];
  /** The server of this address was connected to, and failed the check. */
  failed(endpoint: string, address: string): void;
  /** None of the addresses could be connected to: they come in any order again. */
  forget(endpoint: string): void;
}

/**
 * Families keep their places: one that is not routed here must not come to be the first, where it costs each connection
 * a quarter of a second.
 */
function withLast(addresses: string[], failed: string): string[] {
  const isOfFamily = (address: string) => isIP(address) === isIP(failed);
  const others = addresses.filter((address) => isOfFamily(address) && address !== failed);
  return addresses.map((address) => (isOfFamily(address) ? (others.shift() ?? failed) : address));
}

/**
 * Nothing has failed yet. One of a host's servers may accept and refuse, as one that starts; apps go on to the next
 * then. Name servers give addresses in any order, so that checks would meet it by chance, now and then at all checks
 * that failureThreshold counts, and pods whose other servers are well would come and go. Of one dependency alone: what
 * another one cannot do on a server, as log in, says nothing of this one.
 */
export function createAddressOrder(): AddressOrder {
  const lastFailed = new Map<string, string>();
  return {
    inOrder: (endpoint, addresses) => {
      const failed = lastFailed.get(endpoint);
      return failed === undefined ? addresses : withLast(addresses, failed);
    },
    failed: (endpoint, address) => {
      lastFailed.delete(endpoint);
      forgetOldest(lastFailed, MAX_ENDPOINTS);
      lastFailed.set(endpoint, address);
    },
    forget: (endpoint) => {
      lastFailed.delete(endpoint);
    },
  };
}
