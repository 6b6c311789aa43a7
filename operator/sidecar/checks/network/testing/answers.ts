/** Test fixture: what name servers say where they have no address. */
import type { Answer } from "../ask-name-servers.ts";

/** No address of this family. */
export const NONE: Answer = {
  addresses: [],
  ttlSeconds: Infinity,
  failed: false,
  absent: false,
  outOfTurn: false,
};
/** They could not tell. */
export const FAILED: Answer = { ...NONE, failed: true };
/** No such name. */
export const ABSENT: Answer = { ...NONE, absent: true };
/** The word of another name server than the first. */
export const LATER_ABSENT: Answer = { ...ABSENT, outOfTurn: true };
