/**
 * Runs the sidecar, the operator and a naive sidecar for a while in which faults come and go, and says whether memory,
 * handles and sockets grow, and whether a pod was unready without a fault. README.md has the rules.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { SHORT_TIMES, startCheckedServers } from "./checked-servers.ts";
import { openControlGroups } from "./control-groups.ts";
import { startFakeCluster } from "./fake-cluster.ts";
import { ask, type Kubelet, startKubelet } from "./kubelet.ts";
import { DNS_NAME, type Listening, startNaive, startOperator, startSidecar } from "./programs.ts";
import { endRound, keepReading, type Readings, readingsOf } from "./readings.ts";
import {
  falseUnreadyLines,
  faultTable,
  growthTable,
  progressLine,
  readinessTable,
  reviewsTable,
} from "./report.ts";
import { startReviews } from "./reviews.ts";
import {
  emptyRecord,
  isLossy,
  playRound,
  ROUND_MILLISECONDS,
  type RoundsRecord,
  type Scene,
} from "./rounds.ts";
import { outside, within } from "./spans.ts";
import { brokenRules } from "./verdict.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** In less, what a program takes to warm up looks like growth: it is printed, but breaks no rule. */
const MINUTES_FOR_GROWTH = 30;
const START_MILLISECONDS = 60_000;
/** By default a kubelet asks every 2 s, and checks are made every 5 s; all of it ten times as often. */
const PROBE_MILLISECONDS = 200;
const CHECK_MILLISECONDS = 500;
const POD_REPLACED_MILLISECONDS = 1_000;

/** How long, and what ends it before. */
export interface SoakOptions {
  /** Whole rounds are played, one at least. */
  minutes: number;
  signal: AbortSignal;
}

/** What ends the things that were started, to be called in the opposite order. */
type Ends = (() => unknown)[];

async function started<T>(
  ends: Ends,
  thing: T | Promise<T>,
  end: (thing: T) => unknown,
): Promise<T> {
  const one = await thing;
  ends.push(() => end(one));
  return one;
}

async function untilReady({ program, port }: Listening, signal: AbortSignal): Promise<void> {
  const end = performance.now() + START_MILLISECONDS;
  let answer = await ask(port, "/readyz");
  while (answer.status !== 200) {
    signal.throwIfAborted();
    if (performance.now() > end) throw new Error(`${program.name} is not ready: ${answer.text}`);
    await sleep(100);
    answer = await ask(port, "/readyz");
  }
}

/** The servers, the cluster and the three programs, all ready. */
async function startPrograms(ends: Ends, signal: AbortSignal) {
  const groups = await started(ends, openControlGroups(), (one) => one.leave());
  const folder = await started(ends, mkdtempSync(join(tmpdir(), "healthpolicy-soak-")), (path) =>
    rmSync(path, { recursive: true }),
  );
  const place = { folder, groups };
  const mounted = join(folder, "mounted");
  const servers = await started(ends, startCheckedServers(mounted), (one) => one.stop());
  servers.writePolicy(SHORT_TIMES);
  const end = ({ program }: Listening) => program.stop();
  const port = await freePort();
  const sidecar = await started(ends, startSidecar(place, { port, mounted }), end);
  const naive = await started(ends, startNaive(place, servers), end);
  const cluster = await started(ends, startFakeCluster(port), (one) => one.close());
  const operator = await started(ends, startOperator(place, cluster.url), end);
  for (const one of [sidecar, naive, operator]) await untilReady(one, signal);
  return { servers, cluster, sidecar, naive, operator };
}

/** What is kept of a run. */
interface Account {
  programs: Readings[];
  record: RoundsRecord;
  /** Its beginning, in milliseconds of performance.now(). */
  begun: number;
}

/** Plays so many rounds, or fewer when the signal of the scene fires. Gives how many there were. */
async function playRounds(
  rounds: number,
  scene: Scene,
  { programs, record, begun }: Account,
): Promise<number> {
  // In the first third of them, V8 sizes its heaps and programs fill their caches.
  const warmUp = Math.ceil(rounds / 3);
  let round = 0;
  for (; round < rounds && !scene.signal.aborted; round += 1) {
    const from = performance.now();
    await playRound(round, scene, record);
    const middle = (from + performance.now()) / 2 - begun;
    const compared = round >= warmUp && !isLossy(round) && !scene.signal.aborted;
    for (const readings of programs) endRound(readings, middle / HOUR, compared);
  }
  return round;
}

/** Prints, each time it is called, what programs hold and what the kubelet saw since the last time. */
function progress(minutes: number, kubelet: Kubelet, { programs, record, begun }: Account) {
  let told = begun;
  return () => {
    const minute = Math.round((performance.now() - begun) / MINUTE);
    console.log(progressLine(minute, minutes, programs));
    const lines = falseUnreadyLines(kubelet, record.excused, { begun, since: told });
    for (const line of lines) console.log(line);
    told = performance.now();
  };
}

async function run(
  { minutes, signal: interrupt }: SoakOptions,
  ends: Ends,
  over: AbortController,
): Promise<string[]> {
  const signal = AbortSignal.any([interrupt, over.signal]);
  const { servers, cluster, sidecar, naive, operator } = await startPrograms(ends, signal);
  const programs = [sidecar, operator, naive].map(({ program }) => readingsOf(program));
  const kubelet = startKubelet({
    port: sidecar.port,
    periodMilliseconds: PROBE_MILLISECONDS,
    signal,
    onTurn: cluster.turnPods,
  });
  // It checks whenever it is asked: as often as ours checks.
  const naiveKubelet = startKubelet({
    port: naive.port,
    periodMilliseconds: CHECK_MILLISECONDS,
    signal,
  });
  const reviews = startReviews(
    { port: operator.webhookPort, dnsName: DNS_NAME, trusted: cluster.trusted },
    signal,
  );
  const reading = keepReading(programs, signal);
  const account = { programs, record: emptyRecord(), begun: performance.now() };
  const tell = progress(minutes, kubelet, account);
  await started(ends, setInterval(cluster.replacePod, POD_REPLACED_MILLISECONDS), clearInterval);
  await started(ends, setInterval(tell, MINUTE), clearInterval);

  const rounds = Math.max(1, Math.floor((minutes * MINUTE) / ROUND_MILLISECONDS));
  const scene = {
    servers,
    cluster,
    kubelet,
    sidecarPort: sidecar.port,
    dnsName: DNS_NAME,
    signal,
  };
  const played = await playRounds(rounds, scene, account);
  tell();
  over.abort();
  await Promise.all([kubelet.done, naiveKubelet.done, reviews.done, reading]);

  const { record, begun } = account;
  const faults = [...record.faults.values()];
  const asked = [
    { name: "sidecar", kubelet },
    { name: "naive", kubelet: naiveKubelet },
  ];
  const ran = ((performance.now() - begun) / MINUTE).toFixed(1);
  console.log(`\n${ran} minutes, ${played} rounds\n\n${growthTable(programs)}`);
  console.log(`\n${faultTable(faults)}\n\n${readinessTable(asked, record)}`);
  const undisturbed = outside(reviews.sent, record.lossy);
  const disturbed = within(reviews.sent, record.lossy);
  console.log(`\n${reviewsTable({ undisturbed, disturbed })}`);
  if (interrupt.aborted) return ["the soak was interrupted"];
  return brokenRules({
    readings: programs.filter(({ program }) => program !== naive.program),
    longEnough: minutes >= MINUTES_FOR_GROWTH,
    faults,
    falseUnready: outside(kubelet.unready, record.excused).length,
    undisturbed,
    disturbed,
    notFollowed: record.notFollowed,
  });
}

/**
 * Plays the rounds, prints what came of them, and ends what it started. Gives one sentence for each rule that is
 * broken; rejects where something cannot be started. To be called in a network of its own (own-network.ts).
 */
export async function soak(options: SoakOptions): Promise<string[]> {
  const ends: Ends = [];
  const over = new AbortController();
  try {
    const broken = await run(options, ends, over);
    // Before anything is ended: where that fails, an hour's verdict is not lost.
    for (const sentence of broken) console.log(`broken: ${sentence}`);
    console.log(
      broken.length === 0 ? "\nno rule is broken" : `\n${broken.length} rules are broken`,
    );
    return broken;
  } finally {
    over.abort();
    for (const end of ends.toReversed()) await end();
  }
}
