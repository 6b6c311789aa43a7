/**
 * Asks peers while a dependency is down that would gate: at once, again when all that share the fault must know of it,
 * for each dependency that is down, and then at a pace. Nobody is asked while nothing is down.
 */
import type { PeerAddress, PolicyFile } from "../../api/policy-file.ts";
import { knownToAllMilliseconds, SHORTEST_WAIT } from "../../api/timing.ts";
import { addressesOfThisPod } from "../addresses-of-this-pod.ts";
import type { Readiness } from "../readiness.ts";
import { askPeer, type PeerReply } from "./ask-peer.ts";
import { asksPeers } from "./fleet-cases.ts";
import { countAnswers, peerAnswer } from "./peer-answer.ts";
import { pickPeers } from "./pick-peers.ts";

/**
 * For each pod of the policy the pace grows by so many milliseconds: 1,000 pods that all ask 8 of the same 16 every
 * 20 s put 25 questions a second to each of those, a quarter of what a sidecar admits.
 */
const PACE_PER_POD_MILLISECONDS = 20;
/**
 * Questions at one time, each of which has a deadline. One that decides must not wait for another, which a silent peer
 * makes last 0.9 s: a pod left its Services for it in a fault that all shared.
 */
const MOST_IN_FLIGHT = 4;
/** However many pods there are said to be. */
const LONGEST_PACE_MILLISECONDS = 600_000;

/** What asking needs. */
export interface FollowPeersOptions {
  readiness: Pick<Readiness, "down" | "recordPeers">;
  /** How a peer is asked; never rejects, and has a deadline. */
  ask?: (peer: PeerAddress) => Promise<PeerReply>;
  /** Addresses of this pod. */
  ownAddresses?: () => string[];
  /** From 0 to 1; Math.random unless a test draws. */
  random?: () => number;
}

/** What asks peers until it is stopped. */
export interface PeersFollower {
  /** Follows a policy, or none. */
  apply(config: PolicyFile | undefined): void;
  /** To be called after whatever may have changed what is down. Cheap while nothing is. */
  look(): void;
  /** Asks no more, and tells nothing of what was asked. */
  stop(): void;
}

/** Asks nobody yet. */
export function followPeers(options: FollowPeersOptions): PeersFollower {
  const { readiness, ask = (peer) => askPeer(peer), random = Math.random } = options;
  const ownAddresses = options.ownAddresses ?? addressesOfThisPod;
  let config: PolicyFile | undefined;
  /** When each of what is down was seen to be so first; of the monotonic clock. */
  let since: ReadonlyMap<string, number> = new Map();
  /** Whether nobody has been asked under the policy in force. */
  let isNewPolicy = false;
  let timer: NodeJS.Timeout | undefined;
  let nextAt = Number.POSITIVE_INFINITY;
  let inFlight = 0;
  /** When the question was begun whose answers were counted last. */
  let countedSince = Number.NEGATIVE_INFINITY;
  let stopped = false;

  async function question(): Promise<void> {
    const asked = config;
    if (inFlight >= MOST_IN_FLIGHT || !asksPeers(asked)) return;
    const begun = performance.now();
    const peers = pickPeers(asked.fleet.peers, ownAddresses());
    inFlight += 1;
    const replies = await Promise.all(peers.map((peer) => ask(peer)));
    inFlight -= 1;
    // Answers to a policy that has been edited meanwhile say nothing about the one in force, and a later question has
    // heard more.
    if (stopped || config !== asked || begun < countedSince) return;
    countedSince = begun;
    const answers = replies
      .filter((reply) => reply !== "HungUp")
      .map((reply) => (reply === "Silent" ? undefined : peerAnswer(reply.body, asked)));
    readiness.recordPeers(countAnswers(readiness.down(), answers), begun);
  }

  /** A question that is due earlier stays: a case that is not decided in time counts as this pod's own. */
  function askAt(at: number): void {
    if (at >= nextAt) return;
    clearTimeout(timer);
    nextAt = at;
    timer = setTimeout(() => {
      nextAt = Number.POSITIVE_INFINITY;
      // A timer may be early by a fraction of a millisecond.
      askAt(after(Math.max(at, performance.now())));
      void question();
    }, at - performance.now());
  }

  /** The next moment by which all that share a fault know of one that is down; after the last of these, by the pace. */
  function after(now: number): number {
    const allKnow = config ? knownToAllMilliseconds(config.timing) : 0;
    const ahead = [...since.values()].map((at) => at + allKnow).filter((at) => at > now);
    return ahead.length > 0 ? Math.min(...ahead) : now + pace();
  }

  function askNoMore(): void {
    clearTimeout(timer);
    nextAt = Number.POSITIVE_INFINITY;
  }

  function pace(): number {
    const { intervalMilliseconds = 0 } = config?.timing ?? {};
    const spread = SHORTEST_WAIT + (1 - SHORTEST_WAIT) * random();
    const ofAll = PACE_PER_POD_MILLISECONDS * (config?.fleet?.pods ?? 0);
    return Math.max(intervalMilliseconds, Math.min(ofAll, LONGEST_PACE_MILLISECONDS)) * spread;
  }

  function look(): void {
    if (stopped) return;
    const names = asksPeers(config) ? readiness.down() : [];
    const isNew = isNewPolicy || names.some((name) => !since.has(name));
    const now = performance.now();
    since = new Map(names.map((name) => [name, since.get(name) ?? now]));
    isNewPolicy = false;
    if (names.length === 0) askNoMore();
    if (names.length === 0 || !isNew) return;
    askAt(after(now));
    void question();
  }

  return {
    apply(next) {
      config = next;
      // Whatever is down is asked about anew: the peers or the share may be others.
      isNewPolicy = true;
      look();
    },
    look,
    stop() {
      stopped = true;
      askNoMore();
    },
  };
}
