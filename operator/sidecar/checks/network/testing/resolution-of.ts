/** Test fixture: a lookup's result that nothing is remembered of. */
import type { Resolution } from "../resolve.ts";

export const resolutionOf = (...addresses: string[]): Resolution => ({
  addresses,
  searchAgain: () => {},
  outdate: () => {},
});
