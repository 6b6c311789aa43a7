/** For tests of metrics: a leader that does not lead. */
import type { Leader } from "../leader.ts";
import { NOT_PROVEN_YET } from "../webhook-configuration/webhook-proof.ts";

export const IDLE_LEADER: Leader = {
  lead: () => Promise.resolve(),
  leads: () => false,
  queueDepth: () => 0,
  counts: () => new Map(),
  coverages: () => new Map(),
  evictions: () => new Map(),
  nudges: () => new Map(),
  nudgeBound: () => undefined,
  pods: () => undefined,
  stoppedNamespaces: () => undefined,
  webhookReach: () => NOT_PROVEN_YET.reach,
};
