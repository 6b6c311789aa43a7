/** Lists a collection page by page. */
import { AnswerTooLarge } from "./api-error.ts";
import { type KubeClient, MAX_OBJECT_BYTES } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";

/** Objects per page, where they are not so large that fewer must do. */
const PAGE_SIZE = 100;
/**
 * The largest page of more than one object. Parsed it takes up to 24 times that, 48 MiB, where it is made of `[{}]`:
 * as much as the densest object that is stored. Half of a container of 256 MiB is for objects.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/** What to list. */
export interface ListOptions {
  client: KubeClient;
  /** Path of the collection. */
  path: string;
  /** Narrows the collection down. */
  selector: Record<string, string>;
  signal: AbortSignal;
  /** Is given each object in turn; whole objects of a large cluster would not fit beside each other. */
  onObject: (object: KubeObject) => void;
}

interface List {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[];
}

/** What comes after a page. */
interface Page {
  metadata: List["metadata"];
  /** Objects that were asked for. */
  limit: number;
}

/**
 * Reads the page after `next`, of `limit` objects or as many fewer as one answer can hold. Its objects go with it: a
 * function that reads several pages would keep each while the next is parsed.
 */
async function readPage(options: ListOptions, limit: number, next?: string): Promise<Page> {
  const { client, path, selector, signal } = options;
  try {
    const query = { ...selector, limit: String(limit), ...(next && { continue: next }) };
    const maxBytes = limit === 1 ? MAX_OBJECT_BYTES : MAX_PAGE_BYTES;
    const list = await client.request<List>({ method: "GET", path, query, signal, maxBytes });
    for (const object of list.items ?? []) options.onObject(object);
    return { metadata: list.metadata, limit };
  } catch (error) {
    if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
    return readPage(options, Math.floor(limit / 2), next);
  }
}

/** Resolves with the resourceVersion of the whole list; rejects when any page of it fails. */
export async function listAll(options: ListOptions): Promise<string | undefined> {
  let metadata: List["metadata"];
  let limit = PAGE_SIZE;
  do {
    const page = await readPage(options, limit, metadata?.continue);
    // Doubled again: who must read each object by itself after one large one takes minutes for a large cluster.
    limit = Math.min(PAGE_SIZE, page.limit * 2);
    ({ metadata } = page);
  } while (metadata?.continue);
  return metadata?.resourceVersion;
}
