/** Reads the whole of a collection: as the beginning of a watch, or by pages where the server refuses that. */

import { isApiError } from "./api-error.ts";
import type { WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";
import { type KubeObject, keyOf } from "./kube-object.ts";
import { listAll } from "./list.ts";

/** What to read, and what of each object is kept. */
export interface CollectionOptions<T> {
  client: KubeClient;
  /** Path of the collection. */
  path: string;
  /** Narrows the collection down. */
  selector: Record<string, string>;
  project: (object: KubeObject) => T | undefined;
  /** Opens a watch that begins with every object. */
  open: (signal: AbortSignal) => AsyncGenerator<WatchEvent<T>, void>;
  /** Called whenever that watch has brought something. */
  onEvent: () => void;
}

/** A collection as it was read. */
export interface Collection<T> {
  /** What is kept of each object, by its key. */
  seen: Map<string, T | undefined>;
  version: string | undefined;
  /** The watch that goes on after it, where it came as the beginning of one. */
  events?: AsyncGenerator<WatchEvent<T>, void>;
}

/** An older server, or one whose feature gate is off, calls a request for initial events invalid. */
function refusesInitialEvents(error: unknown): boolean {
  return isApiError(error, 422) || isApiError(error, 400);
}

/**
 * What reads a collection, each time it is called; rejects when it cannot be read whole. It remembers whether the
 * server refuses to begin a watch with all objects, and whether the last such watch broke off.
 */
export function createCollectionReader<T>(
  options: CollectionOptions<T>,
): (signal: AbortSignal) => Promise<Collection<T>> {
  const { client, path, selector, project, open, onEvent } = options;
  /** False once the server has refused to begin a watch with the collection. */
  let streams = true;
  /** The last such read broke off: the next one is by pages. */
  let pagesNext = false;

  async function readPages(signal: AbortSignal): Promise<Collection<T>> {
    const seen: Collection<T>["seen"] = new Map();
    const onObject = (object: KubeObject) => seen.set(keyOf(object.metadata), project(object));
    const version = await listAll({ client, path, selector, signal, onObject });
    return { seen, version };
  }

  async function readStream(signal: AbortSignal): Promise<Collection<T>> {
    const seen: Collection<T>["seen"] = new Map();
    const events = open(signal);
    // Not by `for await`: leaving that loop would end the watch, which is to go on.
    for (let next = await events.next(); !next.done; next = await events.next()) {
      onEvent();
      const { resourceVersion, change, endsInitialEvents } = next.value;
      if (endsInitialEvents) return { seen, version: resourceVersion, events };
      if (change) seen.set(change.key, change.now);
    }
    throw new Error("the watch ended before it had sent the whole collection");
  }

  return async (signal) => {
    if (streams && !pagesNext) {
      try {
        return await readStream(signal);
      } catch (error) {
        if (!refusesInitialEvents(error)) {
          pagesNext = true;
          throw error;
        }
        streams = false;
      }
    }
    pagesNext = false;
    return readPages(signal);
  };
}
