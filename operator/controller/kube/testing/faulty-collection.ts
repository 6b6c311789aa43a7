/**
 * For tests: a collection on an API server that fails its watches in every way on demand, and remembers all it said.
 */
import type http from "node:http";
import { type FakeApi, refuse, type Seen, startFakeApi, until } from "./fake-api-server.ts";
import { event, type Item, initialEventsEnd } from "./fake-collection.ts";
import {
  type AnswerFault,
  type Fault,
  READ_FAULTS,
  type ReadFault,
  WATCH_FAULTS,
  type WatchFault,
} from "./watch-faults.ts";

/** Of three pages and more. */
const PAGE_SIZE = 3;
/** What other kinds of objects take of the versions between two changes of ours. */
const FOREIGN_VERSIONS = 7;
/** Fewer than a character of some alphabets has. */
const PIECE_BYTES = 2;
/** A client that has not come back by then has given up. */
const PATIENCE_MILLISECONDS = 20_000;

/** The object whose events get damaged. */
const DAMAGED = "damaged";
/** After these the server goes on writing into the watch, as one does that has noticed nothing. */
const GOES_ON: ReadonlySet<Fault> = new Set<Fault>(["split-lines", "no-json", "no-event"]);

/** What has happened to an object, as the server tells it. */
export interface Happened {
  type: "ADDED" | "MODIFIED" | "DELETED";
  version: number;
  object: Item;
}

/** What a collection tells its observer, before any client can know of it. */
export interface FaultyOptions {
  watchList: boolean;
  onHappened(happened: Happened): void;
  /** The whole collection, as it was at this version, was sent to the end. */
  onRead(version: number): void;
}

/** The collection. */
export interface FaultyCollection extends FakeApi {
  path: string;
  items: ReadonlyMap<string, Item>;
  /** Sets an object, or removes it. */
  change(name: string, value: string | undefined): void;
  /** Other kinds of objects change, and the open watches are told how far the history has come. */
  bookmark(): void;
  /** Makes a fault happen. Rejects when the client does not come within 20 s to meet it. */
  force(fault: Fault): Promise<void>;
}

/** A watch that is open. */
interface Stream {
  response: http.ServerResponse;
  /** Does what a fault wants with the next line; undefined sends it as it is. */
  send?: (line: string) => void;
}

const isWatchFault = (fault: Fault): fault is WatchFault =>
  WATCH_FAULTS.some((known) => known === fault);
const isReadFault = (fault: Fault): fault is ReadFault =>
  READ_FAULTS.some((known) => known === fault);

function reset(response: http.ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** The beginning of an answer of 200, sent at once. */
function begin(response: http.ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
}

const half = (text: string) => Buffer.from(text).subarray(0, Buffer.byteLength(text) / 2);

function writeAndCut(response: http.ServerResponse, bytes: Buffer): void {
  response.write(bytes, () => response.destroy());
}

/** In at most a hundred pieces, since a line may be long. */
function writePieces(response: http.ServerResponse, line: string): void {
  const bytes = Buffer.from(line);
  const length = Math.max(PIECE_BYTES, Math.ceil(bytes.length / 100));
  for (let at = 0; at < bytes.length; at += length) {
    response.write(bytes.subarray(at, at + length));
  }
}

/** A Status in the place of an event. */
const errorEvent = (code: number) => event("ERROR", { kind: "Status", code, reason: "Forced" });

/** The faults that need nothing but the answer. */
const REFUSALS: Readonly<Record<string, (response: http.ServerResponse) => void>> = {
  "410": (response) => refuse(response, 410, "Expired"),
  "429": (response) => {
    response.setHeader("retry-after", "1");
    refuse(response, 429, "TooManyRequests");
  },
  "500": (response) => refuse(response, 500, "InternalError"),
  reset,
  cut: (response) => {
    begin(response);
    setImmediate(() => response.destroy());
  },
  "no-answer": () => undefined,
};

/** Starts an empty one on a free port. */
export async function startFaultyCollection(options: FaultyOptions): Promise<FaultyCollection> {
  const items = new Map<string, Item>();
  const history: Happened[] = [];
  const open = new Set<Stream>();
  /** Watches that the client has given up and that will still bring what came after these versions. */
  const late = new Map<Stream, number>();
  /** Pages that are still to be asked for are those of the collection as it was. */
  const snapshots = new Map<number, Item[]>();
  let version = 100;
  /** Who asks for what came after an older version than this is told that it is gone. */
  let oldest = 0;
  let nextAnswer: AnswerFault | undefined;
  let nextRead: ReadFault | undefined;

  function write(stream: Stream, line: string): void {
    if (stream.send) stream.send(line);
    else stream.response.write(line);
  }

  function linesSince(since: number): string[] {
    return history
      .filter((happened) => happened.version > since)
      .map(({ type, object }) => event(type, object));
  }

  function follow(stream: Stream, since: number): void {
    for (const line of linesSince(since)) write(stream, line);
    open.add(stream);
    stream.response.on("close", () => open.delete(stream));
    for (const [old, held] of late) old.response.end(linesSince(held).join(""));
    late.clear();
  }

  /** The collection as the beginning of a watch. */
  function sendInitialEvents(response: http.ServerResponse, fault: ReadFault | undefined): void {
    const lines = [...items.values()].map((object) => event("ADDED", object));
    begin(response);
    if (fault === undefined) {
      options.onRead(version);
      response.write(lines.join("") + initialEventsEnd(version));
      follow({ response }, version);
    } else if (fault === "read-cut") {
      writeAndCut(response, half(lines.join("")));
    } else if (fault === "read-half") response.end(half(lines.join("")));
    else response.end(lines.join(""));
  }

  /** The next page, of three objects at most; all of them for who does not ask for pages. */
  function page({ query }: Seen, fault: ReadFault | undefined): string {
    const token = query.get("continue");
    const [at = version, start = 0] = token ? token.split(":").map(Number) : [];
    const all = snapshots.get(at) ?? [...items.values()];
    snapshots.set(at, all);
    const limit = Math.min(PAGE_SIZE, Number(query.get("limit")));
    const end = query.has("limit") ? start + limit : all.length;
    const goesOn = end < all.length || fault === "read-unfinished";
    const metadata = {
      resourceVersion: String(at),
      ...(goesOn && { continue: `${at}:${end}` }),
    };
    if (!goesOn && fault === undefined) options.onRead(at);
    return JSON.stringify({ metadata, items: all.slice(start, end) });
  }

  function sendPage(seen: Seen, response: http.ServerResponse, fault: ReadFault | undefined): void {
    const text = page(seen, fault);
    begin(response);
    // The token of this page will be too old.
    if (fault === "read-unfinished") nextRead = "read-410";
    if (fault === "read-cut") writeAndCut(response, half(text));
    else response.end(fault === "read-half" ? half(text) : text);
  }

  function read(seen: Seen, response: http.ServerResponse): void {
    const fault = nextRead;
    nextRead = undefined;
    const refusal = REFUSALS[fault?.replace("read-", "") ?? ""];
    if (refusal && fault !== "read-cut") refusal(response);
    else if (seen.query.has("sendInitialEvents")) sendInitialEvents(response, fault);
    else sendPage(seen, response, fault);
  }

  function watch({ query }: Seen, response: http.ServerResponse): void {
    const since = Number(query.get("resourceVersion"));
    const fault = nextAnswer;
    nextAnswer = undefined;
    if (fault) REFUSALS[fault.replace("answer-", "")]?.(response);
    else if (since < oldest) refuse(response, 410, "Expired");
    else {
      begin(response);
      follow({ response }, since);
    }
  }

  const api = await startFakeApi((seen, response) => {
    const { query } = seen;
    const streams = query.has("sendInitialEvents");
    if (streams && !options.watchList) refuse(response, 422, "Invalid");
    else if (streams || query.get("watch") !== "true") read(seen, response);
    else watch(seen, response);
  });

  function happen(type: Happened["type"], object: Item): void {
    const happened = { type, version, object };
    history.push(happened);
    options.onHappened(happened);
    for (const stream of open) write(stream, event(type, object));
  }

  function change(name: string, value: string | undefined): void {
    const known = items.get(name);
    if (!known && value === undefined) return;
    version += 1;
    const metadata = { name, namespace: "space", resourceVersion: String(version) };
    const object = { metadata, value: value ?? known?.value ?? "", ballast: "" };
    if (value === undefined) items.delete(name);
    else items.set(name, object);
    happen(value === undefined ? "DELETED" : known ? "MODIFIED" : "ADDED", object);
  }

  async function openStream(): Promise<Stream> {
    await until("the client watches", () => open.size > 0, PATIENCE_MILLISECONDS);
    const [stream] = open;
    if (!stream) throw new Error("no watch is open");
    return stream;
  }

  /** What came before is too old from now on; how far it has come, no bookmark has said. */
  function dropHistory(): void {
    version += FOREIGN_VERSIONS;
    oldest = version;
  }

  /** Ends in good order what the client will hear no more from. */
  function endAfter({ response }: Stream, line: string): void {
    response.end(line);
  }

  /** Sends the line of a change otherwise, which is made here. */
  function damage(stream: Stream, send: (line: string) => void): void {
    stream.send = (line) => {
      delete stream.send;
      send(line);
    };
    change(DAMAGED, String(version));
  }

  const onWatch: Readonly<Record<WatchFault, (stream: Stream) => void>> = {
    end: ({ response }) => response.end(),
    cut: ({ response }) => response.destroy(),
    reset: ({ response }) => reset(response),
    "half-line-end": (stream) => damage(stream, (line) => stream.response.end(half(line))),
    "half-line-cut": (stream) => damage(stream, (line) => writeAndCut(stream.response, half(line))),
    "split-lines": ({ response }) => {
      for (const stream of open) stream.send = (line) => writePieces(response, line);
    },
    "no-json": (stream) => damage(stream, (line) => stream.response.write(`${half(line)}\n`)),
    "no-event": (stream) => damage(stream, () => stream.response.write('{"kind":"Status"}\n')),
    "error-410": (stream) => endAfter(stream, errorEvent(410)),
    "error-500": (stream) => endAfter(stream, errorEvent(500)),
    silence: () => undefined,
    "late-end": (stream) => late.set(stream, version),
    "bookmarks-lost": ({ response }) => {
      dropHistory();
      response.destroy();
    },
  };

  async function force(fault: Fault): Promise<void> {
    const stream = await openStream();
    if (isWatchFault(fault)) {
      onWatch[fault](stream);
      if (!GOES_ON.has(fault)) open.delete(stream);
      return;
    }
    open.delete(stream);
    if (isReadFault(fault)) {
      nextRead = fault;
      dropHistory();
      endAfter(stream, errorEvent(410));
      await until("the client reads", () => nextRead !== fault, PATIENCE_MILLISECONDS);
    } else {
      nextAnswer = fault;
      stream.response.end();
      await until("the client asks", () => nextAnswer === undefined, PATIENCE_MILLISECONDS);
    }
  }

  function bookmark(): void {
    version += FOREIGN_VERSIONS;
    const metadata = { resourceVersion: String(version) };
    for (const stream of open) write(stream, event("BOOKMARK", { metadata }));
  }

  return { ...api, path: "/apis/example.org/v1/things", items, change, bookmark, force };
}
