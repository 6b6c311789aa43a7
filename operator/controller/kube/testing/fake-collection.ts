/** For tests: one collection of a fake API server that can be listed and watched. */
import type http from "node:http";
import { type FakeApi, refuse, reply, type Seen, startFakeApi } from "./fake-api-server.ts";

export interface Item {
  metadata: { name: string; namespace: string; resourceVersion: string };
  value: string;
  ballast: unknown;
}

/** Says that it has dealt with a request, so that the collection does not. */
export type Intercept = (seen: Seen, response: http.ServerResponse) => boolean;

/** The collection. */
export interface FakeCollection extends FakeApi {
  path: string;
  /** Changes an object and tells the watches. */
  put(name: string, value: string): void;
  /** Removes an object and tells the watches. */
  remove(name: string): void;
  /** Removes an object, and the event is lost. */
  removeSilently(name: string): void;
  /** Writes raw bytes into every open watch. */
  write(text: string): void;
  /** Ends every open watch; in good order, or by cutting the connection. */
  endWatches(how: "end" | "cut"): void;
  /** Watches that are open now. */
  openWatches(): number;
  lists(): Seen[];
  /** Requests for what changes since a resourceVersion. */
  watches(): Seen[];
  /** Requests for a watch that begins with the whole collection. */
  streams(): Seen[];
  /** Whether the server has WatchList; without it, such a request is answered with 422. */
  watchList: boolean;
  /** Answers some requests otherwise. */
  intercept: Intercept;
  /** Objects per page at most, whatever the client asks for. */
  pageSize: number;
  /** What makes the objects large that are put from now on. */
  ballast: unknown;
}

const PATH = "/apis/example.org/v1/things";

/** A line of a watch. */
export function event(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** The line after the last of the initial objects. */
export function initialEventsEnd(version: number): string {
  const annotations = { "k8s.io/initial-events-end": "true" };
  return event("BOOKMARK", { metadata: { resourceVersion: String(version), annotations } });
}

/** An empty collection on a free port. */
export async function startFakeCollection(): Promise<FakeCollection> {
  const items = new Map<string, Item>();
  const open = new Set<http.ServerResponse>();
  let version = 100;

  function list({ query }: Seen, response: http.ServerResponse): void {
    const start = Number(query.get("continue") ?? 0);
    const all = [...items.values()];
    const end = start + Math.min(fake.pageSize, Number(query.get("limit")));
    const metadata = {
      resourceVersion: String(version),
      ...(end < all.length && { continue: String(end) }),
    };
    reply(response, 200, { metadata, items: all.slice(start, end) });
  }

  function sendInitialEvents(response: http.ServerResponse): void {
    for (const object of items.values()) response.write(event("ADDED", object));
    response.write(initialEventsEnd(version));
  }

  function watch({ query }: Seen, response: http.ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (query.get("sendInitialEvents") === "true") sendInitialEvents(response);
    open.add(response);
    response.on("close", () => open.delete(response));
  }

  const api = await startFakeApi((seen, response) => {
    const { query } = seen;
    const streams = query.get("sendInitialEvents") === "true";
    if (streams && !fake.watchList) refuse(response, 422, "Invalid");
    else if (fake.intercept(seen, response)) return;
    else if (query.get("watch") === "true") watch(seen, response);
    else list(seen, response);
  });

  function item(name: string, value: string): Item {
    version += 1;
    const metadata = { name, namespace: "space", resourceVersion: String(version) };
    return { metadata, value, ballast: fake.ballast };
  }

  const fake: FakeCollection = {
    ...api,
    path: PATH,
    pageSize: 1_000,
    ballast: "x".repeat(100),
    intercept: () => false,
    put: (name, value) => {
      const known = items.has(name);
      items.set(name, item(name, value));
      fake.write(event(known ? "MODIFIED" : "ADDED", items.get(name)));
    },
    remove: (name) => {
      const gone = item(name, items.get(name)?.value ?? "");
      items.delete(name);
      fake.write(event("DELETED", gone));
    },
    removeSilently: (name) => {
      version += 1;
      items.delete(name);
    },
    write: (text) => {
      for (const response of open) response.write(text);
    },
    endWatches: (how) => {
      for (const response of open) {
        if (how === "end") response.end();
        else response.destroy();
      }
      open.clear();
    },
    openWatches: () => open.size,
    lists: () => api.seen.filter(({ query }) => query.get("watch") !== "true"),
    watches: () =>
      api.seen.filter(
        ({ query }) => query.get("watch") === "true" && !query.has("sendInitialEvents"),
      ),
    streams: () => api.seen.filter(({ query }) => query.has("sendInitialEvents")),
    watchList: false,
  };
  return fake;
}
