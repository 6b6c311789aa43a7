/** Which servers have handshakes that cost more than any honest one's, and for how long none begins with them. */

/** What is known of the handshakes of servers, each called by its host and port. */
export interface HandshakeCosts {
  /** The work of another handshake with this server; undefined while none may begin with it. */
  begin(server: string): HandshakeWork | undefined;
}

/** The work of one handshake. */
export interface HandshakeWork {
  /** Whether there may be more of it: neither this handshake has cost too much, nor another with the server since. */
  mayGoOn(): boolean;
  /** To be told after each piece of work, in milliseconds of CPU. */
  add(cpuMilliseconds: number): void;
}

/**
 * The most CPU that a handshake may take in this program's one thread, in milliseconds. Chains of public authorities
 * take 1 to 3. A chain that is made for it takes 110 within the bound on its bytes, because OpenSSL verifies it in
 * every mode; those that take more are known to refused-curves.ts. Under the sidecar's CPU limit 110 are a second in which no other check and no probe is answered.
 */
export const COSTLY_MILLISECONDS = 30;
/** Time for which no handshake begins with a server, in times of what the last one cost: half a hundredth of a core for each of twelve. */
const PAUSE_PER_COST = 200;
/** Longest such time, in milliseconds: each time that it is no better, the time doubles up to this. */
export const MAX_PAUSE_MILLISECONDS = 600_000;
/**
 * After a pause of which this much time has passed a server is as good as new. An honest handshake in between does not
 * make it so: a server that is costly every other time would never be left alone for long.
 */
export const FORGOTTEN_MILLISECONDS = 600_000;
/** More than a policy can name. */
const MAX_SERVERS = 256;

interface Pause {
  milliseconds: number;
  until: number;
}

/** Nothing known yet. `now` is a clock in milliseconds that never jumps. */
export function createHandshakeCosts(now: () => number): HandshakeCosts {
  const pauses = new Map<string, Pause>();

  function isPaused(server: string): boolean {
    const pause = pauses.get(server);
    return pause !== undefined && now() < pause.until;
  }

  function pause(server: string, cpuMilliseconds: number): void {
    const last = pauses.get(server);
    const before = last && now() < last.until + FORGOTTEN_MILLISECONDS ? last.milliseconds : 0;
    pauses.delete(server);
    const wanted = Math.max(cpuMilliseconds * PAUSE_PER_COST, 2 * before);
    const milliseconds = Math.min(wanted, MAX_PAUSE_MILLISECONDS);
    pauses.set(server, { milliseconds, until: now() + milliseconds });
    // The one that was added longest ago is first.
    const [oldest = ""] = pauses.keys();
    if (pauses.size > MAX_SERVERS) pauses.delete(oldest);
  }

  return {
    begin(server) {
      if (isPaused(server)) return undefined;
      let cpu = 0;
      return {
        mayGoOn: () => cpu <= COSTLY_MILLISECONDS && !isPaused(server),
        add(cpuMilliseconds) {
          cpu += cpuMilliseconds;
          // At once, and not at its end: handshakes with a server that began together would all get as far.
          if (cpu > COSTLY_MILLISECONDS) pause(server, cpu);
        },
      };
    },
  };
}
