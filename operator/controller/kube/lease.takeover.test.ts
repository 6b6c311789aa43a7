/** How long nobody leads when a leader is killed, on a virtual clock, with the times that the operator has. */
import { expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { ApiError } from "./api-error.ts";
import type { KubeClient, KubeRequest } from "./kube-client.ts";
import { runForLease } from "./lease.ts";

jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });

/** A call to an API server that is slow; all times are in milliseconds. */
const CALL = 100;
/** What is promised: another leads. */
const WITHIN = 15_000;
/** Of the virtual clock. */
const STEP = 20;
/** More than from one renewal to the next, calls included. */
const RENEWED = 3_000;

/** On the virtual clock. Nobody is stopped here, so no signal ends it. */
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Lease {
  metadata: { resourceVersion: string };
  spec?: { holderIdentity?: string; renewTime?: string };
}

/** A Lease, and replicas of which any can be killed or cut off: its calls do not end from then on, or fail at once. */
function openLease() {
  let lease: Lease = { metadata: { resourceVersion: "1" } };
  const dead = new Set<string>();
  const refused = new Set<string>();
  const stepped = new Map<string, number>();

  function write(sent: Lease): void {
    const { resourceVersion } = lease.metadata;
    if (sent.metadata.resourceVersion !== resourceVersion) {
      throw new ApiError("writing", { code: 409, body: "" });
    }
    lease = { ...sent, metadata: { resourceVersion: String(Number(resourceVersion) + 1) } };
  }

  function clientOf(identity: string): KubeClient {
    return {
      request: async <T>({ method, body }: KubeRequest) => {
        if (refused.has(identity)) throw new Error("connect ECONNREFUSED");
        await sleep(CALL);
        if (dead.has(identity)) return new Promise<T>(() => undefined);
        if (method === "PUT") write(body as Lease);
        return lease as T;
      },
      stream: () => Promise.reject(new Error("nobody streams here")),
      apply: () => Promise.reject(new Error("nobody applies here")),
      longReads: () => Promise.reject(new Error("nobody reads so much here")),
    };
  }

  return {
    holder: () => lease.spec?.holderIdentity,
    renewed: () => lease.spec?.renewTime,
    kill: (identity: string) => dead.add(identity),
    refuse: (identity: string) => refused.add(identity),
    /** When it last stepped down, on the virtual clock. */
    steppedDownAt: (identity: string) => stepped.get(identity),
    candidate: (identity: string) =>
      runForLease({
        client: clientOf(identity),
        namespace: "system",
        name: "operator",
        identity,
        ready: async () => undefined,
        lead: (signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              stepped.set(identity, performance.now());
              resolve();
            });
          }),
        log: pino({ level: "silent" }),
        sleep,
      }),
  };
}

/** Lets the clock run until something holds; gives how long that took, or `longest`. */
async function pass(longest: number, until = () => false): Promise<number> {
  const begun = performance.now();
  while (!until() && performance.now() - begun < longest) await jest.advanceTimersByTimeAsync(STEP);
  return performance.now() - begun;
}

/** How long nobody leads when `a` is killed right after a renewal, and `b` asks `later` than `a`. */
async function leaderless(later: number): Promise<number> {
  const lease = openLease();
  lease.candidate("a");
  await pass(later);
  const second = lease.candidate("b");
  await pass(RENEWED);
  const before = lease.renewed();
  await pass(RENEWED, () => lease.renewed() !== before);
  expect(lease.holder()).toBe("a");
  lease.kill("a");
  return pass(2 * WITHIN, second.isLeader);
}

const LATER = Array.from({ length: 12 }, (_, at) => 400 + 200 * at);

test.each([0, 0.999])(
  "a leader that is killed is followed within 15 s, whenever the other asks, and waits are drawn as %d",
  async (drawn) => {
    const random = jest.spyOn(Math, "random").mockReturnValue(drawn);
    const took: number[] = [];
    for (const later of LATER) took.push(await leaderless(later));
    random.mockRestore();
    expect(Math.max(...took)).toBeLessThan(WITHIN);
    // The Lease's own time is kept: who only hangs steps down before.
    expect(Math.min(...took)).toBeGreaterThan(12_000);
  },
);

/** How long after its last renewal a leader steps down whose calls fail at once, from `later` after that on. */
async function heldOn(later: number): Promise<number> {
  const lease = openLease();
  lease.candidate("a");
  await pass(RENEWED);
  const before = lease.renewed();
  await pass(RENEWED, () => lease.renewed() !== before);
  const renewedAt = performance.now();
  await pass(later);
  lease.refuse("a");
  await pass(WITHIN, () => lease.steppedDownAt("a") !== undefined);
  return (lease.steppedDownAt("a") ?? Number.POSITIVE_INFINITY) - renewedAt;
}

test.each([0, 0.999])(
  "a leader whose calls are refused steps down 8 s after its last renewal, and waits are drawn as %d",
  async (drawn) => {
    const random = jest.spyOn(Math, "random").mockReturnValue(drawn);
    const held: number[] = [];
    for (let later = 0; later < 1_600; later += 200) held.push(await heldOn(later));
    random.mockRestore();
    expect(Math.max(...held)).toBeLessThanOrEqual(8_000);
  },
);
