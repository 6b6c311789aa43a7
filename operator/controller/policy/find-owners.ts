/** Finds whose the pods of a namespace are, in pieces. */
import { setImmediate } from "node:timers/promises";
import type { Claims } from "../../api/claims.ts";
import type { PodRecord } from "../pods/pod-record.ts";

/** For so long at once: reviews of the webhook, probes and the Lease wait meanwhile. */
const PIECE_MILLISECONDS = 10;

/**
 * Has `claims` remember the owner of each pod, and gives others a turn in between. After an edit each pod is held
 * against each older policy: 300 policies of one namespace and 1,000 pods kept the webhook from answering for 2 s.
 */
export async function findOwners(
  { owner }: Pick<Claims<unknown>, "owner">,
  pods: readonly PodRecord[],
): Promise<void> {
  let began = performance.now();
  for (const { labels } of pods) {
    owner(labels);
    if (performance.now() - began < PIECE_MILLISECONDS) continue;
    await setImmediate();
    began = performance.now();
  }
}
