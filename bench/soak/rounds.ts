/** Rounds of faults, one fault of each program after the other, and now and then a round with lost packets alone. */
import { setTimeout as sleep } from "node:timers/promises";
import { type CheckedServers, DEFAULT_TIMES, SHORT_TIMES } from "./checked-servers.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { ask, type Kubelet } from "./kubelet.ts";
import { type OperatorFault, operatorFaults } from "./operator-faults.ts";
import { losePackets } from "./own-network.ts";
import { type SidecarFault, sidecarFaults } from "./sidecar-faults.ts";
import type { Span } from "./spans.ts";
import type { FaultOutcome } from "./verdict.ts";

/** How long a fault lasts: twice what it takes until a pod has to be unready. */
const FAULT_MILLISECONDS = 6_000;
/** Until the next one begins. */
const CALM_MILLISECONDS = 14_000;
/**
 * After a fault has ended, a pod may be unready for so long: twice what the policy's times come to, and a busy
 * machine's share.
 */
const GRACE_MILLISECONDS = 3_000;
const LOOK_MILLISECONDS = 500;
const FAULTS = 6;
/** How long each round takes, in milliseconds, one with lost packets too. */
export const ROUND_MILLISECONDS = FAULTS * (FAULT_MILLISECONDS + CALM_MILLISECONDS);

/** Every sixth round, packets are lost: from the fourth on, so that a run of ten minutes has one. */
const LOSSY_EVERY = 6;
const FIRST_LOSSY = 3;
const LOST_SHARE = 0.01;

/** What rounds act on. */
export interface Scene {
  servers: CheckedServers;
  cluster: FakeCluster;
  sidecarPort: number;
  kubelet: Kubelet;
  dnsName: string;
  signal: AbortSignal;
}

/** What came of them. */
export interface RoundsRecord {
  faults: Map<string, FaultOutcome>;
  /** When a pod may be unready. */
  excused: Span[];
  /** When packets were lost. */
  lossy: Span[];
  notFollowed: string[];
}

/** Nothing has happened yet. */
export function emptyRecord(): RoundsRecord {
  return { faults: new Map(), excused: [], lossy: [], notFollowed: [] };
}

/** Whether packets are lost in that round, and nothing else happens. */
export const isLossy = (round: number) => round % LOSSY_EVERY === FIRST_LOSSY;

const pause = (milliseconds: number, signal: AbortSignal) =>
  sleep(milliseconds, undefined, { signal }).catch(() => {});

/** Why the dependency counts as down, as the sidecar's status says. */
async function reasonOf(port: number, dependency: string): Promise<string | undefined> {
  const { text } = await ask(port, "/status");
  if (text === "") return undefined;
  const { dependencies } = JSON.parse(text) as {
    dependencies: { name: string; up: boolean | null; reason?: string }[];
  };
  const found = dependencies.find(({ name }) => name === dependency);
  return found?.up === false ? found.reason : undefined;
}

/** Looks until the fault is over; whether it was told, and the pod was as it has to be. */
async function watchFault(
  { dependency, unready }: SidecarFault,
  { sidecarPort, kubelet, signal }: Scene,
  reasons: Set<string>,
): Promise<boolean> {
  const end = performance.now() + FAULT_MILLISECONDS;
  let told = dependency === undefined;
  let left = !unready;
  while (performance.now() < end && !signal.aborted) {
    const reason = dependency && (await reasonOf(sidecarPort, dependency));
    if (reason) reasons.add(reason);
    told ||= reason !== undefined;
    left ||= !kubelet.ready;
    await pause(LOOK_MILLISECONDS, signal);
  }
  return told && left;
}

function outcomeOf({ faults }: RoundsRecord, name: string): FaultOutcome {
  const outcome = faults.get(name) ?? { name, times: 0, noticed: 0, reasons: new Set<string>() };
  faults.set(name, outcome);
  return outcome;
}

async function playFault(
  { ofSidecar, ofOperator }: { ofSidecar: SidecarFault; ofOperator: OperatorFault },
  scene: Scene,
  record: RoundsRecord,
): Promise<void> {
  const from = performance.now();
  const span = { from, to: Number.POSITIVE_INFINITY };
  if (ofSidecar.unready) record.excused.push(span);
  const outcome = outcomeOf(record, ofSidecar.name);
  const undo = [await ofSidecar.begin(), await ofOperator.begin()];
  try {
    const noticed = await watchFault(ofSidecar, scene, outcome.reasons);
    if (scene.signal.aborted) return;
    outcome.times += 1;
    if (noticed) outcome.noticed += 1;
  } finally {
    for (const end of undo) await end();
    span.to = performance.now() + GRACE_MILLISECONDS;
  }
  await pause(CALM_MILLISECONDS, scene.signal);
}

/** What the operator should have done by the end of the round. */
function followed({ cluster }: Scene, round: number, writesBefore: number): string[] {
  const edited = cluster.editedGeneration();
  const told = cluster.observedGeneration();
  return [
    ...(told < edited
      ? [`operator: round ${round}: the policy's status tells of ${told}, not of ${edited}`]
      : []),
    ...(cluster.certificateWrites() === writesBefore
      ? [`operator: round ${round}: the certificate was not renewed`]
      : []),
  ];
}

async function playFaults(round: number, scene: Scene, record: RoundsRecord): Promise<void> {
  const { servers, cluster, dnsName, signal } = scene;
  const writesBefore = cluster.certificateWrites();
  const ofOperator = operatorFaults(cluster, { round, dnsName });
  for (const [index, ofSidecar] of sidecarFaults(servers, round).entries()) {
    const beside = ofOperator[index];
    if (signal.aborted || beside === undefined) return;
    await playFault({ ofSidecar, ofOperator: beside }, scene, record);
  }
  if (!signal.aborted) record.notFollowed.push(...followed(scene, round, writesBefore));
}

async function playLoss({ servers, signal }: Scene, record: RoundsRecord): Promise<void> {
  servers.writePolicy(DEFAULT_TIMES);
  // Until the sidecar has read it.
  await pause(GRACE_MILLISECONDS, signal);
  const end = losePackets(LOST_SHARE);
  const from = performance.now();
  try {
    await pause(ROUND_MILLISECONDS - 2 * GRACE_MILLISECONDS, signal);
  } finally {
    end();
    record.lossy.push({ from, to: performance.now() });
    servers.writePolicy(SHORT_TIMES);
  }
  await pause(GRACE_MILLISECONDS, signal);
}

/** Plays one round, or a part of it when the signal fires. */
export function playRound(round: number, scene: Scene, record: RoundsRecord): Promise<void> {
  return isLossy(round) ? playLoss(scene, record) : playFaults(round, scene, record);
}
