/** Where a run of end-to-end tests leaves word of an operator that spoke with a stranger. */
import { join } from "node:path";

/** Is there only where the last run found such connections; one a line. */
export const FOREIGN_CONNECTIONS_FILE = join(
  import.meta.dirname,
  "../../.tools/results/foreign-connections",
);
