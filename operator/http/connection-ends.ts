/** What tells a connection from all others of its time. */
import type { Socket } from "node:net";

/**
 * The two ends of a connection; undefined when the peer has gone. A socket of TLS and that of TCP below have the same,
 * and no other way from one to the other.
 */
export function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
