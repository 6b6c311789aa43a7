/**
 * Which servers have handshakes that cost more than any honest one's, and when one may begin with them: what they take
 * of the CPU, other checks and probes have to wait for.
 */
import { MAX_DEPENDENCIES } from "../../../api/limits.ts";
import { forgetOldest } from "../../../bounds/forget-oldest.ts";
import { createLeakyBucket, type LeakyBucket } from "./leaky-bucket.ts";

/** What is known of the handshakes of servers, each called by its name, host and port. */
export interface HandshakeCosts {
  /** The work of another handshake with this server; undefined where none may begin with it now. */
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
 * The most CPU that a handshake may take in this program's one thread, in milliseconds, and the most by which the
 * handshakes with a server may exceed ORDINARY_MILLISECONDS together. A chain that is made for it takes 110 within the
 * bound on its bytes, because OpenSSL verifies it in every mode; those that take more are refused by
 * certificate-rule.ts. Under the sidecar's CPU limit 110 are a second in which no other check and no probe is answered.
 */
export const COSTLY_MILLISECONDS = 30;
/**
 * What handshakes with a server may take on average, in milliseconds of CPU. Of three certificates with keys on P-521,
 * the root sent along, they take 5; on P-384 3, RSA of any size 1 to 2. On average, because kernels count in steps of
 * up to 10.
 */
export const ORDINARY_MILLISECONDS = 12;
/**
 * What handshakes with a server that are above that may take on average for it to be asked less often and no more than
 * that: half as much again, as honest ones take on a busy node.
 */
const STEADY_MILLISECONDS = 18;
/**
 * Time for which no handshake begins with a server, in times of what the last one cost: half a hundredth of a core for
 * each of twelve.
 */
const PAUSE_PER_COST = 200;
/**
 * Longest such time, in milliseconds: each time that it is no better, the time doubles up to this, unless its
 * handshakes took STEADY_MILLISECONDS at most.
 */
export const MAX_PAUSE_MILLISECONDS = 600_000;
/**
 * After a pause of which this much time has passed a server is as good as new. An honest handshake in between does not
 * make it so: a server that is costly every other time would never be left alone for long.
 */
export const FORGOTTEN_MILLISECONDS = 600_000;
/** Time between two handshakes with servers whose last ones were above the average: they do not add up. */
export const APART_MILLISECONDS = 1_000;
/**
 * How long a server that had to wait for another one keeps its place before those that have begun since: this many
 * times what has passed since it last wanted a handshake. Not for ever: one that the policy does not name any more
 * wants none, and would hold up the others.
 */
const IN_LINE_PER_INTERVAL = 2;
/** The longest such time, in milliseconds: twice a minute, in which a dependency is asked once at least. */
const MAX_IN_LINE_MILLISECONDS = 120_000;
/**
 * What all handshakes together may take before any is held back for it, in milliseconds of CPU a second: the sidecar's
 * default limit is 100. An equal share of it, 6, is each server's own, whatever the others take: enough for the
 * costliest honest one each second.
 */
const ALL_PER_SECOND = 72;
const OWN_PER_SECOND = ALL_PER_SECOND / MAX_DEPENDENCIES;
/** How far both may be exceeded for a while: by a round of checks that begin together, and by a handshake or two. */
const ALL_AT_ONCE = 60;
const OWN_AT_ONCE = 10;
/** More than a policy can name. */
const MAX_SERVERS = 256;

interface Account {
  /** How far the handshakes until now have exceeded the average; the last one's whole cost included. */
  excess: number;
  /** Handshakes since it was last no suspect or paused, and what they took together. */
  above: { handshakes: number; cpu: number };
  lately: LeakyBucket;
  pause: number;
  pausedUntil: number;
  /** When a handshake was last wanted, and when one last began. */
  wantedAt: number;
  begunAt: number;
  /** Until when it has its place before those that have begun since, because it had to wait for another server's. */
  inLineUntil: number;
}

const noneAbove = (): Account["above"] => ({ handshakes: 0, cpu: 0 });

/** Nothing known yet. `now` is a clock in milliseconds that never jumps. */
export function createHandshakeCosts(now: () => number): HandshakeCosts {
  const accounts = new Map<string, Account>();
  const all = createLeakyBucket(ALL_PER_SECOND, now);
  /**
   * The suspect that last took a turn, and when. Its later handshakes, once it is no suspect any more, are no turns.
   */
  let turn: { of: Account; at: number } | undefined;

  /** The server's account, which then is the last one to be forgotten. */
  function accountOf(server: string): Account {
    const account = accounts.get(server) ?? {
      excess: 0,
      above: noneAbove(),
      lately: createLeakyBucket(OWN_PER_SECOND, now),
      pause: 0,
      pausedUntil: Number.NEGATIVE_INFINITY,
      wantedAt: Number.NEGATIVE_INFINITY,
      begunAt: Number.NEGATIVE_INFINITY,
      inLineUntil: Number.NEGATIVE_INFINITY,
    };
    accounts.delete(server);
    forgetOldest(accounts, MAX_SERVERS);
    accounts.set(server, account);
    return account;
  }

  const isPaused = ({ pausedUntil }: Account) => now() < pausedUntil;

  const isWithinShare = ({ lately }: Account) =>
    all.level() <= ALL_AT_ONCE || lately.level() <= OWN_AT_ONCE;

  const isSuspect = ({ excess }: Account) => excess > ORDINARY_MILLISECONDS;

  /** Whether it has waited longer for its turn than any other suspect that may take one. */
  const isFirstInLine = ({ begunAt }: Account) =>
    ![...accounts.values()].some(
      (other) => now() < other.inLineUntil && other.begunAt < begunAt && !isPaused(other),
    );

  /** Whether another suspect has just begun. */
  const isTooSoon = (account: Account) =>
    turn !== undefined && turn.of !== account && now() < turn.at + APART_MILLISECONDS;

  /** Whether a suspect, which last wanted to begin at `wantedAt`, may do so now; then no other may for a while. */
  function takesTurn(account: Account, wantedAt: number): boolean {
    const mayBegin = !isTooSoon(account) && isFirstInLine(account);
    const place = Math.min(IN_LINE_PER_INTERVAL * (now() - wantedAt), MAX_IN_LINE_MILLISECONDS);
    // The later of both: of two dependencies on one server the second wants its handshake right after the first.
    account.inLineUntil = mayBegin
      ? Number.NEGATIVE_INFINITY
      : Math.max(account.inLineUntil, now() + place);
    if (mayBegin) turn = { of: account, at: now() };
    return mayBegin;
  }

  const isSteady = ({ above }: Account) => above.cpu <= STEADY_MILLISECONDS * above.handshakes;

  function pause(account: Account, cpuMilliseconds: number): void {
    const isRemembered = now() < account.pausedUntil + FORGOTTEN_MILLISECONDS;
    const before = isRemembered && !isSteady(account) ? account.pause : 0;
    const wanted = Math.max(cpuMilliseconds * PAUSE_PER_COST, 2 * before);
    account.pause = Math.min(wanted, MAX_PAUSE_MILLISECONDS);
    account.pausedUntil = now() + account.pause;
    account.above = noneAbove();
    // After the pause it is still a suspect: some steady handshakes may follow, each in its turn, but no costly one.
    account.excess = STEADY_MILLISECONDS;
  }

  return {
    begin(server) {
      const account = accountOf(server);
      const { wantedAt } = account;
      account.wantedAt = now();
      if (isPaused(account) || !isWithinShare(account)) return undefined;
      if (isSuspect(account) && !takesTurn(account, wantedAt)) return undefined;
      account.begunAt = now();
      if (!isSuspect(account)) account.above = noneAbove();
      account.above.handshakes += 1;
      account.excess = Math.max(0, account.excess - ORDINARY_MILLISECONDS);
      let cpu = 0;
      return {
        mayGoOn: () => cpu <= COSTLY_MILLISECONDS && !isPaused(account),
        add(cpuMilliseconds) {
          cpu += cpuMilliseconds;
          account.excess += cpuMilliseconds;
          account.above.cpu += cpuMilliseconds;
          account.lately.add(cpuMilliseconds);
          all.add(cpuMilliseconds);
          // At once, and not at its end: handshakes with a server that began together would all get as far.
          if (account.excess > COSTLY_MILLISECONDS && !isPaused(account)) pause(account, cpu);
        },
      };
    },
  };
}
