/** Which servers have handshakes that cost more than any honest one's, and for how long none begins with them. */

/** What is known of the handshakes of servers, each called by its host and port. */
export interface HandshakeCosts {
  /** Whether hands may be shaken with this server now. */
  mayBegin(server: string): boolean;
  /** To be told after each handshake, whatever came of it. */
  add(server: string, cpuMilliseconds: number): void;
}

/**
 * The most CPU that a handshake may take in this program's one thread, in milliseconds. Chains of public authorities
 * take 1 to 3. A chain that is made for it takes 110 within the bound on its bytes, because OpenSSL verifies it in
 * every mode; under the sidecar's CPU limit that is a second in which no other check and no probe is answered.
 */
export const COSTLY_MILLISECONDS = 30;
/** Time for which no handshake begins with a server, in times of what the last one cost: half a hundredth of a core for each of twelve. */
const PAUSE_PER_COST = 200;
/** Longest such time, in milliseconds: each time that it is no better, the time doubles up to this. */
export const MAX_PAUSE_MILLISECONDS = 600_000;
/** More than a policy can name. */
const MAX_SERVERS = 256;

interface Pause {
  milliseconds: number;
  until: number;
}

/** Nothing known yet. `now` is a clock in milliseconds that never jumps. */
export function createHandshakeCosts(now: () => number): HandshakeCosts {
  const pauses = new Map<string, Pause>();
  return {
    mayBegin(server) {
      const pause = pauses.get(server);
      return pause === undefined || now() >= pause.until;
    },
    add(server, cpuMilliseconds) {
      const before = pauses.get(server)?.milliseconds ?? 0;
      pauses.delete(server);
      if (cpuMilliseconds <= COSTLY_MILLISECONDS) return;
      const wanted = Math.max(cpuMilliseconds * PAUSE_PER_COST, 2 * before);
      const milliseconds = Math.min(wanted, MAX_PAUSE_MILLISECONDS);
      pauses.set(server, { milliseconds, until: now() + milliseconds });
      // The one that was added longest ago is first.
      const [oldest = ""] = pauses.keys();
      if (pauses.size > MAX_SERVERS) pauses.delete(oldest);
    },
  };
}
