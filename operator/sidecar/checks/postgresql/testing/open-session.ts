/** Test fixture: a session as an app keeps it. */
import pg from "pg";
import { SUPERUSER } from "./real-postgresql.ts";

/** Of the superuser, until it is ended or its server is: that fails no test. */
export async function openSession(port: number, database = "postgres"): Promise<pg.Client> {
  const session = new pg.Client({ ...SUPERUSER, host: "127.0.0.1", port, database });
  session.on("error", () => {});
  await session.connect();
  return session;
}
