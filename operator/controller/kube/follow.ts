/** One watch of a collection: its events until the server ends it. */
import { type KubeClient, MAX_OBJECT_BYTES } from "./kube-client.ts";
import { type KubeObject, keyOf } from "./kube-object.ts";
import { readLines } from "./read-lines.ts";

/** After the server should have ended a watch, our own timer waits this much longer. */
const WATCH_LENGTH_GRACE_MILLISECONDS = 5_000;
/**
 * While the initial objects are read, a silence of this length ends the watch: a server that cannot
 * confirm that it is up to date sends everything but the closing bookmark, and we would wait for that.
 */
const INITIAL_SILENCE_MILLISECONDS = 30_000;
/**
 * A long line has to be whole so soon after its turn has come. Others wait for theirs meanwhile, so it is not enough
 * that something comes now and then. The largest object is 12 MiB, which take 0.4 MiB a second.
 */
const LONG_LINE_MILLISECONDS = 30_000;
/** Annotation of the bookmark that ends the objects a watch was asked to begin with. */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/**
 * What is kept of an event; an ERROR is thrown instead. Its object is not: a watch that waits holds its last event, and
 * an object can take 50 MB where it has been parsed.
 */
export interface WatchEvent<T> {
  resourceVersion: string | undefined;
  /** Missing in a bookmark. Where `now` is undefined the object is gone, or nothing is kept of it. */
  change?: { key: string; now: T | undefined };
  /** Whether all objects have come that the watch was asked to begin with. */
  endsInitialEvents: boolean;
}

/** What to follow, and from where on. */
export interface FollowOptions<T> {
  client: KubeClient;
  /** Path of the collection. */
  path: string;
  /** Narrows the collection down. */
  selector: Record<string, string>;
  /** Cuts an object down to what is kept; undefined keeps nothing of it. */
  project: (object: KubeObject) => T | undefined;
  /**
   * A resourceVersion: what changed since. Undefined: first every object, then a bookmark of which
   * `endsInitialEvents` is true, then what changes. Servers without WatchList refuse that (422).
   */
  since: string | undefined;
  /** A watch that brings nothing for so many milliseconds is dead. */
  silence: number;
  /** So many milliseconds after its start the server is asked to end the watch. */
  length: number;
  signal: AbortSignal;
}

/** The history that we hold is no longer the server's: only a list helps. */
export class HistoryLost extends Error {}

interface Line {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject & { code?: number; reason?: string };
}

function parseLine(text: string): Line {
  try {
    const line = JSON.parse(text) as Line;
    if (line.type === "ERROR") return line;
    if (!line.object.metadata.resourceVersion) throw new Error("no resourceVersion");
    return line;
  } catch {
    // What is wrong is not said, because the parser would quote the line, which can hold a Secret.
    throw new HistoryLost("a line of the watch is not an event");
  }
}

function errorOf({ code, reason }: Line["object"]): Error {
  if (code === 410) return new HistoryLost("the watch's history is gone (410)");
  return new Error(`the watch reported ${code ?? ""} ${reason ?? "an error"}`);
}

function eventOf<T>(text: string, project: FollowOptions<T>["project"]): WatchEvent<T> {
  const { type, object } = parseLine(text);
  if (type === "ERROR") throw errorOf(object);
  const { resourceVersion, annotations } = object.metadata;
  if (type === "BOOKMARK") {
    return { resourceVersion, endsInitialEvents: annotations?.[INITIAL_EVENTS_END] === "true" };
  }
  const now = type === "DELETED" ? undefined : project(object);
  const change = { key: keyOf(object.metadata), now };
  return { resourceVersion, change, endsInitialEvents: false };
}

function queryOf<T>({ selector, since, length }: FollowOptions<T>): Record<string, string> {
  return {
    ...selector,
    watch: "true",
    allowWatchBookmarks: "true",
    timeoutSeconds: String(Math.max(1, Math.round(length / 1_000))),
    ...(since === undefined
      ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
      : { resourceVersion: since }),
  };
}

/** Ends when the server ends the watch in good order; throws on everything else. */
export async function* follow<T>(options: FollowOptions<T>): AsyncGenerator<WatchEvent<T>, void> {
  const { client, path, project, length } = options;
  const dead = new AbortController();
  const endAfter = (milliseconds: number, why: string) =>
    setTimeout(() => dead.abort(new Error(why)), milliseconds);
  const longest = endAfter(
    length + WATCH_LENGTH_GRACE_MILLISECONDS,
    "the server did not end the watch",
  );
  let watchdog: NodeJS.Timeout | undefined;
  const restartWatchdog = (milliseconds: number, what = "nothing came for") => {
    clearTimeout(watchdog);
    watchdog = endAfter(milliseconds, `${what} ${milliseconds} ms`);
  };
  let silence =
    options.since === undefined
      ? Math.min(INITIAL_SILENCE_MILLISECONDS, options.silence)
      : options.silence;
  restartWatchdog(silence);
  const signal = AbortSignal.any([options.signal, dead.signal]);
  // Who waits for a turn is not silent: others would end this watch with lines of theirs. Nor may it wait without end:
  // where all connections have died within long lines, each keeps its turn for as long as a line may take.
  const readOn = async () => {
    restartWatchdog(options.silence, "no turn to read on for");
    const leave = await client.longReads(signal);
    restartWatchdog(Math.min(LONG_LINE_MILLISECONDS, silence), "a line was not whole within");
    return leave;
  };
  try {
    const body = await client.stream({ method: "GET", path, query: queryOf(options), signal });
    const parse = (text: string) => eventOf(text, project);
    // A line brings one object.
    const lines = { parse, maxBytes: MAX_OBJECT_BYTES, readOn };
    for await (const event of readLines(body, lines)) {
      if (event.endsInitialEvents) ({ silence } = options);
      restartWatchdog(silence);
      yield event;
    }
  } catch (error) {
    throw dead.signal.aborted ? dead.signal.reason : error;
  } finally {
    clearTimeout(watchdog);
    clearTimeout(longest);
    // The body needs no end of its own: leaving the loop, however that happens, destroys it.
  }
}
