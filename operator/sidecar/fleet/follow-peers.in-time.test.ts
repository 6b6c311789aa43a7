/** What a case comes to by the time at which it is decided, while one of the peers is silent. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { PeerAddress, PolicyFile } from "../../api/policy-file.ts";
import { heldBackMilliseconds, knownToAllMilliseconds } from "../../api/timing.ts";
import { cache, database, policy, TIMING } from "../testing/test-pod.ts";
import { createFleetCases, type FleetCases } from "./fleet-cases.ts";
import { followPeers, type PeersFollower } from "./follow-peers.ts";

/** The deadline of a question: a peer that is silent makes it last so long. */
const SILENCE_MILLISECONDS = 900;
const ALL_KNOW = knownToAllMilliseconds(TIMING);
const HELD_BACK = heldBackMilliseconds(TIMING);
const [ANSWERING, SILENT] = ["10.0.0.2", "10.0.0.3"];
const PEERS: PeerAddress[] = [ANSWERING, SILENT].map((ip) => ({ ip, port: 19_847 }));

const fleet = (pods: number): PolicyFile =>
  policy([database(), cache], { fleet: { maxUnready: { percent: 50 }, pods, peers: PEERS } });

let config: PolicyFile;
let cases: FleetCases;
let follower: PeersFollower;
/** What is down at the peer that answers. */
let theirs: string[];

beforeEach(() => {
  jest.useFakeTimers();
  theirs = [];
  config = fleet(3);
  cases = createFleetCases(() => config);
  follower = followPeers({
    readiness: { down: () => cases.names(), recordPeers: cases.count },
    async ask({ ip }) {
      const dependencies = [database(), cache].map(({ name, type }) => ({
        name,
        type,
        up: !theirs.includes(name),
        reason: "ConnectionRefused",
      }));
      if (ip === ANSWERING) {
        return { body: JSON.stringify({ policy: "web", dependencies }) };
      }
      await new Promise((resolve) => setTimeout(resolve, SILENCE_MILLISECONDS));
      return "Silent";
    },
    ownAddresses: () => ["10.0.0.1"],
    random: () => 1,
  });
  follower.apply(config);
});
afterEach(() => {
  follower.stop();
  jest.useRealTimers();
});

const advance = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
function fails(name: string): void {
  cases.note(name, true, performance.now());
  follower.look();
}

test("an edit while the question that decides is in flight still ends as shared", async () => {
  fails("db");
  await advance(ALL_KNOW - 100);
  theirs = ["db"];
  await advance(200);
  config = fleet(1_000);
  follower.apply(config);
  await advance(HELD_BACK - ALL_KNOW - 100 + 1);
  expect(cases.share("db", performance.now())).toBe("Shared");
});

test("a second dependency that fails a little after the first still ends as shared", async () => {
  theirs = ["db"];
  fails("db");
  await advance(500);
  fails("cache");
  // The peer knows of it in time, but after it was asked about the first.
  await advance(ALL_KNOW - 300);
  theirs = ["db", "cache"];
  await advance(HELD_BACK - ALL_KNOW + 300 + 1);
  expect(cases.share("cache", performance.now())).toBe("Shared");
});
