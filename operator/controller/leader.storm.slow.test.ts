/** A storm of pods against the leader, on a virtual clock: what it writes to the API server. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { STATUS_WRITES_BURST, STATUS_WRITES_PER_SECOND } from "./policy/status-pace.ts";
import {
  namespaceOf,
  openVirtualCluster,
  STEP_MILLISECONDS,
  type VirtualCluster,
} from "./testing/virtual-cluster.ts";

jest.setTimeout(120_000);

const POLICIES = 500;
const PODS_PER_POLICY = 40;
const STORM_MILLISECONDS = 10_000;

let cluster: VirtualCluster;
beforeEach(async () => {
  cluster = await openVirtualCluster({ policies: POLICIES, podsOf: () => PODS_PER_POLICY });
  // All statuses are written once; then it is quiet.
  await cluster.pass(40_000);
});
afterEach(() => cluster.close());

/** All pods of all policies turn unready, evenly over the storm's time. */
async function storm(each: (passed: number) => void = () => undefined): Promise<void> {
  const turns = POLICIES * PODS_PER_POLICY;
  let turned = 0;
  let passed = 0;
  const step = () => {
    passed += STEP_MILLISECONDS;
    for (; turned < (turns * passed) / STORM_MILLISECONDS; turned += 1) {
      cluster.turn(turned % POLICIES, Math.floor(turned / POLICIES), false);
    }
    each(passed);
  };
  await cluster.pass(STORM_MILLISECONDS, { each: step });
}

test("the writes of a storm are bounded, and afterwards every count is right", async () => {
  // A burst, and then no faster than the bucket fills.
  const { writes, writesOf, counts, pass } = cluster;
  const settled = writes.length;
  expect(settled).toBe(POLICIES);
  const lastAt = Math.max(...writes.map(({ at }) => at));
  const firstAt = Math.min(...writes.map(({ at }) => at));
  const filling = (POLICIES - STATUS_WRITES_BURST) / STATUS_WRITES_PER_SECOND;
  expect(lastAt - firstAt).toBeGreaterThan(filling * 1_000 - 1_000);

  writes.length = 0;
  await storm();
  const bound = STATUS_WRITES_BURST + (STATUS_WRITES_PER_SECOND * STORM_MILLISECONDS) / 1_000;
  expect(writes.length).toBeLessThanOrEqual(bound);
  expect(writes.length).toBeGreaterThan(bound / 2);
  // The metric knows at once.
  await pass(400);
  for (const { unready } of counts().values()) expect(unready).toBe(PODS_PER_POLICY);

  // Each policy has its turn once more.
  await pass((POLICIES / STATUS_WRITES_PER_SECOND) * 1_000 + 1_000);
  for (let policy = 0; policy < POLICIES; policy += 1) {
    const last = writesOf(namespaceOf(policy)).at(-1);
    expect(last?.status.pods?.unready).toBe(PODS_PER_POLICY);
  }
});

test("a condition does not wait in a storm, and a busy policy keeps no other waiting", async () => {
  const { writes, writesOf, turn, putPolicy } = cluster;
  writes.length = 0;
  let editedAt = 0;
  const edited = namespaceOf(499);
  await storm((passed) => {
    // One pod of one policy flaps all the time.
    turn(0, 0, (passed / STEP_MILLISECONDS) % 2 === 0);
    if (passed !== STORM_MILLISECONDS / 2) return;
    editedAt = performance.now();
    putPolicy(edited, { generation: 4 });
  });
  const answer = writesOf(edited).find(({ status }) => status.observedGeneration === 4);
  expect(answer).toBeDefined();
  expect((answer?.at ?? 0) - editedAt).toBeLessThan(500);
  expect(writesOf(namespaceOf(0)).length).toBeLessThanOrEqual(3);
});
