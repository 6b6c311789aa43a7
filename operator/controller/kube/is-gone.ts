/** Pure: whether an object counts as gone before the API server has removed it. */
import type { ObjectMeta } from "../../api/v1alpha1.ts";

/** Finalizers of the garbage collector: while it deletes what the object owns, or takes the owner out of that. */
const OF_THE_COLLECTOR = ["foregroundDeletion", "orphan"];

/**
 * Whether the object is being deleted and the garbage collector is at work: what the object owns would come and go, if
 * it were written again. While only a finalizer of others stands, the object is there, for as long as that takes: its
 * edits count, and what it owns goes with it.
 *
 * With finalizers of both kinds it is gone, and there again once the collector is done, as nothing tells it from one
 * that only others hold; what it owns is written anew. New pods of that moment have no sidecar; a pod that was let go
 * stays ready, and gates by what has been up since.
 */
export function isGone({
  deletionTimestamp,
  finalizers = [],
}: Pick<ObjectMeta, "deletionTimestamp" | "finalizers">): boolean {
  if (deletionTimestamp === undefined) return false;
  return finalizers.length === 0 || finalizers.some((one) => OF_THE_COLLECTOR.includes(one));
}
