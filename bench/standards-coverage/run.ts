/**
 * What a leader takes to hold the workloads of a large cluster against standards: status writes, CPU and heap, beside
 * a leader that watches the same pods without standards. The cluster is a program of its own (cluster.ts), so that
 * what is measured is the leader alone. `--workloads 10000 --seconds 60`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { startCaches } from "../../operator/controller/caches.ts";
import { clientOf } from "../../operator/controller/kube/testing/fake-api-server.ts";
import { createLeader } from "../../operator/controller/leader.ts";
import { LEADER_SETTINGS } from "../../operator/controller/testing/leader-settings.ts";

const { values } = parseArgs({
  options: {
    workloads: { type: "string", default: "10000" },
    seconds: { type: "string", default: "60" },
    standards: { type: "string" },
  },
});
const { workloads, seconds } = values;
/** Until the pods are listed and the first statuses are written. */
const SETTLE_SECONDS = 25;
/** The last write is due 5 s after the last change, and the count before it. */
const AFTER_MILLISECONDS = 8_000;

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** One leader on one cluster, in this process. */
async function measure(standards: string): Promise<void> {
  const cluster = fork(join(import.meta.dirname, "cluster.ts"), [workloads, seconds, standards], {
    execArgv: [],
  });
  const [{ url }] = await once(cluster, "message");
  const log = pino({ level: "silent" });
  const client = clientOf(url);
  const before = heapMiB();
  const caches = startCaches({
    client,
    namespace: "system",
    certificateSecret: "certificate",
    log,
  });
  const leader = createLeader({
    client,
    caches,
    settings: LEADER_SETTINGS,
    dnsName: "a.b.svc",
    log,
  });
  const stop = new AbortController();
  const leading = leader.lead(stop.signal);
  await sleep(SETTLE_SECONDS * 1_000);
  const heap = heapMiB() - before;
  const cpu = process.cpuUsage();
  const rolled = once(cluster, "message");
  cluster.send("roll out");
  const [{ took, writes, largest }] = await rolled;
  const { user, system } = process.cpuUsage(cpu);
  await sleep(AFTER_MILLISECONDS);
  const { workloads: counted, compliant } = leader.coverages().get("standard") ?? {};
  const result = {
    standards: standards === "1",
    workloads: counted,
    compliant,
    pods: Number(workloads) * 2,
    seconds: Math.round(took),
    statusWrites: writes,
    largestStatusBytes: largest,
    cores: Number(((user + system) / 1e6 / took).toFixed(3)),
    heapMiB: Number(heap.toFixed(1)),
    heapAfterMiB: Number((heapMiB() - before).toFixed(1)),
  };
  console.log(JSON.stringify(result));
  stop.abort();
  await leading;
  await caches.stop();
  cluster.kill();
}

/** Each in a process of its own: what one has left in the heap is not counted for the other. */
async function measureApart(standards: string): Promise<void> {
  const args = ["--standards", standards, "--workloads", workloads, "--seconds", seconds];
  const one = fork(import.meta.filename, args, { execArgv: ["--expose-gc"] });
  await once(one, "exit");
}

if (values.standards === undefined) {
  await measureApart("0");
  await measureApart("1");
} else {
  await measure(values.standards);
  process.exit();
}
