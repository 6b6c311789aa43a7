/** The slot `postgresql`: its fields, their rules, and what unset ones mean. */
import type { z } from "zod";
import { DEPENDENCY_DEFAULTS, MAX_DATABASE_LENGTH } from "../limits.ts";
import { databaseSlot, fillDatabase } from "./database.ts";

const defaults = DEPENDENCY_DEFAULTS.postgresql;

/** The schema of the slot `postgresql`. */
export const postgresql = databaseSlot({
  type: "postgresql",
  server: "A PostgreSQL server",
  maxDatabaseLength: MAX_DATABASE_LENGTH,
  tlsParameter: "sslmode",
  defaults,
});

/** Fills in what is unset. */
export const fillPostgresql = (slot: z.infer<typeof postgresql>) => fillDatabase(slot, defaults);
