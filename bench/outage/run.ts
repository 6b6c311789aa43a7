/**
 * What a leader writes and takes when all pods of a policy become unready together, and ready again. API server and
 * sidecars are a program of their own (cluster.ts), so that what is measured is the leader alone. `--pods 1000`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { startCaches } from "../../operator/controller/caches.ts";
import { clientOf } from "../../operator/controller/kube/testing/fake-api-server.ts";
import { createLeader } from "../../operator/controller/leader.ts";
import { askSidecar } from "../../operator/controller/sidecars/ask-sidecar.ts";
import { LEADER_SETTINGS } from "../../operator/controller/testing/leader-settings.ts";

const { values } = parseArgs({ options: { pods: { type: "string", default: "1000" } } });
/** Until the pods are listed and the first statuses are written. */
const SETTLE_MILLISECONDS = 15_000;
/** The 60 Events are those of a minute. */
const MINUTE_MILLISECONDS = 60_000;

interface Write {
  at: number;
  path: string;
  body: { reason?: string; message?: string; involvedObject?: { kind: string } };
}

/** Sends an order and resolves with what was written since the last. */
async function order(cluster: ChildProcess, what: "down" | "up" | "report"): Promise<Write[]> {
  const answered = once(cluster, "message");
  cluster.send(what);
  const [{ writes }] = await answered;
  return writes;
}

function shortestGapSeconds(times: readonly number[]): number | undefined {
  const gaps = times.slice(1).map((at, index) => (at - (times[index] ?? at)) / 1_000);
  return gaps.length === 0 ? undefined : Number(Math.min(...gaps).toFixed(1));
}

/** All pods turn; the minute from the first of them on. */
async function measure(cluster: ChildProcess, to: "down" | "up"): Promise<void> {
  await order(cluster, "report");
  const begun = Date.now();
  const cpu = process.cpuUsage();
  const first = await order(cluster, to);
  const turnedAt = Date.now();
  await sleep(MINUTE_MILLISECONDS - (turnedAt - begun));
  const { user, system } = process.cpuUsage(cpu);
  const writes = [...first, ...(await order(cluster, "report"))];
  const statuses = writes.filter(({ path }) => path.endsWith("/healthpolicies/web/status"));
  const events = writes.filter(({ path }) => path.endsWith("/events"));
  const ofPolicy = events.filter(({ body }) => body.involvedObject?.kind === "HealthPolicy");
  console.log(
    JSON.stringify({
      pods: Number(values.pods),
      to,
      statusWrites: statuses.length,
      shortestGapSeconds: shortestGapSeconds(statuses.map(({ at }) => at)),
      eventsOnPods: events.length - ofPolicy.length,
      eventsOnPolicy: ofPolicy.map(({ body }) => body.message),
      policyEventAfterSeconds: ofPolicy.map(({ at }) => (at - turnedAt) / 1_000),
      cpuSeconds: Number(((user + system) / 1e6).toFixed(2)),
      heapMiB: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
    }),
  );
}

const cluster = fork(join(import.meta.dirname, "cluster.ts"), [values.pods]);
const [{ url, port }] = await once(cluster, "message");
const log = pino({ level: "silent" });
const client = clientOf(url);
const caches = startCaches({ client, namespace: "system", certificateSecret: "certificate", log });
const leader = createLeader({
  client,
  caches,
  settings: LEADER_SETTINGS,
  dnsName: "a.b.svc",
  // The one server that stands for all sidecars, where an operator would never ask.
  ask: () => askSidecar({ ip: "127.0.0.1", port }, () => true),
  log,
});
const stop = new AbortController();
const leading = leader.lead(stop.signal);
await sleep(SETTLE_MILLISECONDS);
await measure(cluster, "down");
await measure(cluster, "up");
stop.abort();
await leading;
await caches.stop();
cluster.kill();
process.exit();
