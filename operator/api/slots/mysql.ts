/** The slot `mysql`: its fields, their rules, and what unset ones mean. */
import type { z } from "zod";
import { DEPENDENCY_DEFAULTS, MAX_MYSQL_DATABASE_LENGTH } from "../limits.ts";
import { databaseSlot, fillDatabase } from "./database.ts";

const defaults = DEPENDENCY_DEFAULTS.mysql;

/** The schema of the slot `mysql`. */
export const mysql = databaseSlot({
  type: "mysql",
  server: "A MySQL or MariaDB server",
  maxDatabaseLength: MAX_MYSQL_DATABASE_LENGTH,
  tlsParameter: "ssl-mode",
  defaults,
});

/** Fills in what is unset. */
export const fillMysql = (slot: z.infer<typeof mysql>) => fillDatabase(slot, defaults);
