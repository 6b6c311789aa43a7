/**
 * An ordinary web app: every visit is counted in PostgreSQL and the newest count is kept in memcached.
 * `/healthz` and `/readyz` touch nothing, so on its own it stays in its Service while its database is
 * gone and answers 503. The HealthPolicy beside it changes that without a line here.
 *
 * Environment: PORT (8080), the PG* variables of libpq, MEMCACHED_SERVERS (host:port, with commas).
 */
import express, { type Request, type Response } from "express";
import Memcached from "memcached";
import pg from "pg";

const CONNECT_TIMEOUT_MILLISECONDS = 3_000;
const QUERY_TIMEOUT_MILLISECONDS = 3_000;
const CACHE_TIMEOUT_MILLISECONDS = 1_000;
const CACHE_SECONDS = 60;

const pool = new pg.Pool({
  max: 5,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
  query_timeout: QUERY_TIMEOUT_MILLISECONDS,
});
// A pooled connection that breaks while idle is reported here; without a listener it ends the process.
pool.on("error", () => console.error("a pooled database connection broke"));

const cache = new Memcached((process.env.MEMCACHED_SERVERS ?? "localhost:11211").split(","), {
  timeout: CACHE_TIMEOUT_MILLISECONDS,
  retries: 0,
  retry: CACHE_TIMEOUT_MILLISECONDS,
  // Past this number the client gives a server up and starts `ping`, which a small image does not have.
  failures: Number.MAX_SAFE_INTEGER,
});

async function countVisit(): Promise<number> {
  await pool.query("CREATE TABLE IF NOT EXISTS visits (at timestamptz NOT NULL DEFAULT now())");
  await pool.query("INSERT INTO visits DEFAULT VALUES");
  const result = await pool.query<{ count: string }>("SELECT count(*) FROM visits");
  return Number(result.rows[0]?.count);
}

/** Stores and reads back through memcached. The client may never call back, so the wait has its own end. */
function throughCache(key: string, value: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(
      () => reject(new Error("memcached did not answer")),
      2 * CACHE_TIMEOUT_MILLISECONDS,
    );
    const settle = (error: unknown, answer: string) => {
      clearTimeout(deadline);
      if (error) reject(new Error("memcached failed"));
      else resolve(answer);
    };
    cache.set(key, value, CACHE_SECONDS, (error) => {
      if (error) settle(error, "");
      else cache.get(key, (failure, answer) => settle(failure, String(answer)));
    });
  });
}

async function home(_request: Request, response: Response): Promise<void> {
  try {
    const visits = await countVisit();
    const cached = await throughCache(`visits-${visits}`, String(visits));
    response.json({ visits, cached: Number(cached) });
  } catch {
    response.status(503).json({ error: "database or cache not available" });
  }
}

const app = express();
app.get("/healthz", (_request, response) => void response.send("alive\n"));
app.get("/readyz", (_request, response) => void response.send("ready\n"));
app.get("/", home);

const port = Number(process.env.PORT ?? "8080");
const server = app.listen(port, () => console.log(`listening on ${port}`));

process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
