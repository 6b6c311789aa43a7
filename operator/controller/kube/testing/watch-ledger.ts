/** For tests: holds what a client of a watch has told against what has happened. */
import { isDeepStrictEqual } from "node:util";
import { type KubeObject, keyOf } from "../kube-object.ts";
import type { Change } from "../watch.ts";
import type { Item } from "./fake-collection.ts";
import type { Happened } from "./faulty-collection.ts";

/** What the client keeps of an object. */
export interface Known {
  /** `namespace/name`. */
  key: string;
  version: number;
  value: string;
}

/** What is kept of an item of the collection. */
export function knownOf(object: KubeObject): Known {
  const { value } = object as unknown as Item;
  const { metadata } = object;
  return { key: keyOf(metadata), version: Number(metadata.resourceVersion), value };
}

/** What became of the events. */
export interface Account {
  happened: number;
  /** Told one by one. */
  told: number;
  /** Not told by themselves: the client has read the whole collection, as it was after them. */
  replaced: number;
  /** Neither told nor read: the client went on without them. */
  missed: number;
  /** Not told by the end, when nothing newer was told either. */
  left: number;
  /** Told a second time, or told although nothing of the kind has happened, or out of order. */
  wrong: string[];
  /** Times that the whole collection was sent. */
  reads: number;
}

/** The account of one client, in the order of what happens. */
export interface Ledger {
  happened(happened: Happened): void;
  /** The whole collection was sent as it was at this version. */
  read(version: number): void;
  told(change: Change<Known>): void;
  /**
   * The client promises to know what has happened until now. To be called when it says that it does: what it then knows
   * of an older state is wrong.
   */
  promised(): () => void;
  /** Whether the client has heard of everything. */
  complete(): boolean;
  account(): Account;
}

interface Entry extends Happened {
  /** What became of it; nothing yet. */
  fate?: "told" | "replaced" | "missed";
}

const nameOf = ({ object }: Happened) => keyOf(object.metadata);

/** Nothing has happened yet, and the client knows nothing. */
export function createLedger(): Ledger {
  const entries: Entry[] = [];
  const known = new Map<string, Known>();
  /** By key: the reads at which the object was last told again unchanged. */
  const toldAgain = new Map<string, number>();
  const wrong: string[] = [];
  let reads = 0;
  /** Of the first event that the client has neither told nor read. */
  let next = 0;

  /** Which event a change tells of: the one of its version, or the first deletion after what was known. */
  function entryOf({ key, now }: Change<Known>, before: Known | undefined): Entry | undefined {
    return entries.find((entry) => {
      if (nameOf(entry) !== key) return false;
      if (now) return entry.type !== "DELETED" && isDeepStrictEqual(knownOf(entry.object), now);
      return entry.type === "DELETED" && entry.version > (before?.version ?? 0);
    });
  }

  /** Only a read of the whole collection may tell of an object again, and each one once. */
  function tellAgain(key: string): void {
    if (toldAgain.get(key) === reads) wrong.push(`${key} was told again without a read`);
    toldAgain.set(key, reads);
  }

  function settle(entry: Entry): void {
    const { fate, version } = entry;
    if (fate === "told") wrong.push(`${nameOf(entry)} was told twice of version ${version}`);
    if (fate === "missed") wrong.push(`${nameOf(entry)} was told too late of version ${version}`);
    const index = entries.indexOf(entry);
    for (const passed of entries.slice(next, index)) passed.fate = "missed";
    next = Math.max(next, index + 1);
    entry.fate = "told";
  }

  /** What of a change cannot be so, whatever the server has said. */
  function objections({ key, old, now }: Change<Known>, before: Known | undefined): string[] {
    const goesBack = now && before && now.version < before.version;
    return [
      ...(isDeepStrictEqual(old, before)
        ? []
        : [`${key} was not known as it is said to have been`]),
      ...(goesBack ? [`${key} went back in time`] : []),
    ];
  }

  function told(change: Change<Known>): void {
    const { key, now } = change;
    const before = known.get(key);
    wrong.push(...objections(change, before));
    if (now && isDeepStrictEqual(now, before)) {
      tellAgain(key);
      return;
    }
    const entry = entryOf(change, before);
    if (entry) settle(entry);
    else wrong.push(`${key} never was so`);
    if (now) known.set(key, now);
    else known.delete(key);
  }

  /** Whether the client knows of this event, or of a later one of its object. */
  function knows({ type, version, object }: Entry): boolean {
    const key = keyOf(object.metadata);
    const now = known.get(key);
    if (now) return type === "DELETED" ? now.version > version : now.version >= version;
    const isGone = (entry: Entry) => entry.type === "DELETED" && entry.version >= version;
    return entries.some((entry) => nameOf(entry) === key && isGone(entry));
  }

  function promised(): () => void {
    const latest = new Map(entries.map((entry) => [nameOf(entry), entry]));
    return () => {
      for (const [key, entry] of latest) {
        if (!knows(entry)) wrong.push(`${key} was older than promised`);
      }
    };
  }

  return {
    promised,
    happened: (happened) => entries.push({ ...happened }),
    read: (version) => {
      reads += 1;
      for (; (entries[next]?.version ?? Number.POSITIVE_INFINITY) <= version; next += 1) {
        Object.assign(entries[next] ?? {}, { fate: "replaced" });
      }
    },
    told,
    complete: () => next === entries.length,
    account: () => {
      const count = (fate: Entry["fate"]) => entries.filter((entry) => entry.fate === fate).length;
      return {
        happened: entries.length,
        told: count("told"),
        replaced: count("replaced"),
        missed: count("missed"),
        left: count(undefined),
        wrong,
        reads,
      };
    },
  };
}
