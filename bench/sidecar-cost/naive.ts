/**
 * The sidecar that a team would write in an hour: Express, and in each probe a new PostgreSQL connection
 * and `stats` of every memcached server with the usual client. It is what our own is measured against.
 *
 * Environment: PORT, the PG* variables of libpq, MEMCACHED_SERVERS (host:port, with commas).
 */
import { promisify } from "node:util";
import express from "express";
import Memcached from "memcached";
import pg from "pg";

const CONNECT_TIMEOUT_MILLISECONDS = 3_000;

async function checkDatabase(): Promise<void> {
  const client = new pg.Client({ connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query("SELECT 1");
    if (rows.length === 0) throw new Error("no row");
  } finally {
    await client.end();
  }
}

const cache = new Memcached((process.env.MEMCACHED_SERVERS ?? "").split(","), {
  timeout: CONNECT_TIMEOUT_MILLISECONDS,
  retries: 0,
});
const stats = promisify(cache.stats.bind(cache));

const app = express();
app.get("/readyz", async (_request, response) => {
  try {
    await Promise.all([checkDatabase(), stats()]);
    response.send("ok");
  } catch {
    response.status(503).send("not ready");
  }
});
app.listen(Number(process.env.PORT), "127.0.0.1");
