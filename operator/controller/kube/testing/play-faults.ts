/** For tests: lets a client of a watch live through a plan of faults, and says what it made of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Change } from "../watch.ts";
import { until } from "./fake-api-server.ts";
import { type FaultyCollection, startFaultyCollection } from "./faulty-collection.ts";
import type { FaultPlan } from "./watch-faults.ts";
import { type Account, createLedger, type Known, knownOf } from "./watch-ledger.ts";

/** A client that has not heard of everything by then never will. */
const SETTLE_MILLISECONDS = 20_000;

/** A client of a watch that has been started. */
export interface FaultedClient {
  /** What it believes is there, in any order. */
  cache(): Known[];
  /** Reads everything anew, where the client can; resolves when its cache is at least as new as this call. */
  refresh?(): Promise<void>;
  stop(): Promise<void>;
}

/** A refresh is asked for in the midst of one fault of so many. */
const REFRESH_EVERY = 3;

/** Starts a client that follows the collection and tells each change. */
export type StartClient = (
  collection: FaultyCollection,
  options: { relist: number; onChange: (change: Change<Known>) => void },
) => FaultedClient;

/** What a client made of a plan. */
export interface Outcome extends Account {
  /** Faults that happened to it. */
  faults: number;
  /** Why the plan was not played to its end: the client did not come back. */
  stuck?: string;
  /** Whether its cache is in the end what the server has. */
  equal: boolean;
}

const byKey = (one: Known, other: Known) => (one.key < other.key ? -1 : 1);

function stateOf({ items }: FaultyCollection): Known[] {
  return [...items.values()].map(knownOf).sort(byKey);
}

/** Plays the plan; never rejects because of what the client does. */
export async function playFaults(start: StartClient, plan: FaultPlan): Promise<Outcome> {
  const ledger = createLedger();
  const collection = await startFaultyCollection({
    watchList: plan.watchList,
    onHappened: ledger.happened,
    onRead: ledger.read,
  });
  const client = start(collection, { relist: plan.relist, onChange: ledger.told });
  const isEqual = () => isDeepStrictEqual(client.cache().sort(byKey), stateOf(collection));
  let refreshing = 0;
  const refresh = async () => {
    const keep = ledger.promised();
    refreshing += 1;
    // It may fail as any read may, and then promises nothing.
    await client.refresh?.().then(keep, () => undefined);
    refreshing -= 1;
  };
  let faults = 0;
  let stuck: string | undefined;
  try {
    for (const { before, fault, during } of plan.steps) {
      for (const { name, value } of before) collection.change(name, value);
      collection.bookmark();
      await collection.force(fault);
      faults += 1;
      for (const { name, value } of during) collection.change(name, value);
      if (faults % REFRESH_EVERY === 0) void refresh();
      // The client hears of some faults before the changes and of others after them.
      await sleep(faults % 3);
    }
    const isSettled = () => refreshing === 0 && ledger.complete() && isEqual();
    await until("settled", isSettled, SETTLE_MILLISECONDS);
  } catch (error) {
    stuck = (error as Error).message;
  }
  const outcome = { ...ledger.account(), faults, equal: isEqual(), ...(stuck && { stuck }) };
  await client.stop();
  await collection.close();
  return outcome;
}
