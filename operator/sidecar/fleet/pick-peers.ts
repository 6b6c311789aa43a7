/** Pure: which pods are asked. */
import type { PeerAddress } from "../../api/policy-file.ts";

/** Of more peers so many are asked. */
export const MOST_ASKED_PEERS = 8;

/**
 * FNV-1a over the characters. Nothing is secret here, and node:crypto would cost each sidecar memory in the midst of a
 * fault.
 */
function hashOf({ ip, port }: PeerAddress, own: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${port} ${own} ${ip}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  // The last characters differ least from address to address: spread over all bits, as in MurmurHash3.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * The peers that the pod with these addresses of its own asks: always the same while the sample is, so that no draw
 * makes a fault look shared now and not then; and others than its neighbour, so that the questions spread.
 */
export function pickPeers(
  peers: readonly PeerAddress[],
  ownAddresses: readonly string[],
): PeerAddress[] {
  const own = ownAddresses.join(" ");
  return peers
    .filter(({ ip }) => !ownAddresses.includes(ip))
    .map((peer) => ({ peer, hash: hashOf(peer, own) }))
    .sort((left, right) => left.hash - right.hash)
    .slice(0, MOST_ASKED_PEERS)
    .map(({ peer }) => peer);
}
