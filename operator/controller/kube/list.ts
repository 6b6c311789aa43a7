/** Lists a collection page by page. */
import { AnswerTooLarge } from "./api-error.ts";
import { type KubeClient, MAX_OBJECT_BYTES } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";

/** Objects per page, where they are not so large that fewer must do. */
const PAGE_SIZE = 250;
/**
 * The largest page of more than one object. Parsed it takes up to ten times that, where it is made of labels, and
 * half of a container of 256 MiB is for objects.
 */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

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

/** The page after `next`, of `limit` objects or as many fewer as one answer can hold. */
async function listPage(
  options: ListOptions,
  limit: number,
  next: string | undefined,
): Promise<{ list: List; limit: number }> {
  const { client, path, selector, signal } = options;
  try {
    const query = { ...selector, limit: String(limit), ...(next && { continue: next }) };
    const maxBytes = limit === 1 ? MAX_OBJECT_BYTES : MAX_PAGE_BYTES;
    const list = await client.request<List>({ method: "GET", path, query, signal, maxBytes });
    return { list, limit };
  } catch (error) {
    if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
    return listPage(options, Math.floor(limit / 2), next);
  }
}

/** Resolves with the resourceVersion of the whole list; rejects when any page of it fails. */
export async function listAll(options: ListOptions): Promise<string | undefined> {
  let metadata: List["metadata"];
  let limit = PAGE_SIZE;
  do {
    const page = await listPage(options, limit, metadata?.continue);
    for (const object of page.list.items ?? []) options.onObject(object);
    // Doubled again: who must read each object by itself after one large one takes minutes for a large cluster.
    limit = Math.min(PAGE_SIZE, page.limit * 2);
    ({ metadata } = page.list);
  } while (metadata?.continue);
  return metadata?.resourceVersion;
}
