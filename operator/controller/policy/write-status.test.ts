import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { ConditionReason } from "../../api/condition-reasons.ts";
import { rawPolicy } from "../../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { IDLE_MILLISECONDS } from "../idle-time.ts";
import type { KubeClient, KubeRequest } from "../kube/kube-client.ts";
import { fieldsAdded } from "../kube/testing/fields-added.ts";
import { type PolicyRecord, projectPolicy } from "./policy-cache.ts";
import { STATUS_WRITES_BURST } from "./status-pace.ts";
import { createStatusWriter, HEALTH_POLICY_STATUS, type StatusWriter } from "./write-status.ts";

/** The statuses that were written, and by what. */
let written: unknown[];
let requests: KubeRequest[];
let failing: boolean;
let writer: StatusWriter<HealthPolicyStatus>;

function record(metadata: object = {}, status?: HealthPolicyStatus): PolicyRecord {
  return { ...(projectPolicy(rawPolicy(metadata)) as PolicyRecord), status };
}

function statusOf(status: "True" | "False", unready = 0, message = "m"): HealthPolicyStatus {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const condition = { type: "Ready", status, reason: "Ready", message, lastTransitionTime };
  return { observedGeneration: 3, conditions: [condition], pods: { unready } };
}

/** A status that says this of Programmed, and no more. */
function programmedOf(reason: ConditionReason): HealthPolicyStatus {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const status = reason === "Programmed" ? "True" : "False";
  return { conditions: [{ type: "Programmed", status, reason, message: "m", lastTransitionTime }] };
}

beforeEach(() => {
  jest.useFakeTimers();
  written = [];
  failing = false;
  requests = [];
  const request = async (one: KubeRequest) => {
    if (failing) throw new Error("refused");
    requests.push(one);
    written.push(fieldsAdded(one.body).status);
    return {};
  };
  writer = createStatusWriter({ request } as unknown as KubeClient, HEALTH_POLICY_STATUS);
});

afterEach(() => {
  jest.useRealTimers();
});

test("what stands is not written again, be it in the cache or on its way back to it", async () => {
  const status = statusOf("True");
  expect(await writer.write(record({}, status), status)).toBeUndefined();
  expect(written).toEqual([]);
  await writer.write(record(), status);
  await writer.write(record(), status);
  expect(written).toEqual([status]);
});

test("what does not come back to the cache is written again: somebody has changed it", async () => {
  const status = statusOf("True");
  await writer.write(record(), status);
  jest.advanceTimersByTime(5_001);
  await writer.write(record(), status);
  expect(written).toHaveLength(2);
});

test("an edit that is taken back leaves its policies no turns, with which the next one would hold up all others", async () => {
  const [before, after] = [statusOf("True"), statusOf("False")];
  const policies = Array.from({ length: 300 }, (_, index) =>
    record({ namespace: "many", name: `web-${index}` }, before),
  );
  const edit = async (status: HealthPolicyStatus) => {
    for (const policy of policies) await writer.write(policy, status);
  };
  for (let first = 0; first < STATUS_WRITES_BURST; first += 1) {
    await writer.write(record({ namespace: "many", name: `first-${first}` }, before), after);
  }
  await edit(after);
  expect(written).toHaveLength(STATUS_WRITES_BURST);
  await edit(before);
  jest.advanceTimersByTime(60_000);
  await edit(after);
  const other = record({ namespace: "other" }, before);
  expect(await writer.write(other, after)).toBeLessThanOrEqual(100);
});

describe("what somebody else writes over it within 5 s", () => {
  const wanted = statusOf("True");
  const foreign = record({}, { observedGeneration: -1 });

  test("is looked at again when what we have written must be in the cache, and mended then", async () => {
    await writer.write(record(), wanted);
    jest.advanceTimersByTime(1_000);
    expect(await writer.write(foreign, wanted)).toBeCloseTo(4_000);
    expect(written).toHaveLength(1);
    jest.advanceTimersByTime(4_000);
    expect(await writer.write(foreign, wanted)).toBeUndefined();
    expect(written).toEqual([wanted, wanted]);
  });

  test("is no more to be looked at once the cache has what we have written", async () => {
    await writer.write(record(), wanted);
    expect(await writer.write(record(), wanted)).toBeCloseTo(5_000);
    expect(await writer.write(record({}, wanted), wanted)).toBeUndefined();
    jest.advanceTimersByTime(5_000);
    expect(await writer.write(record({}, wanted), wanted)).toBeUndefined();
    expect(written).toHaveLength(1);
  });

  test("is mended as soon after another status was written, or after a calm", async () => {
    const mend = async (status: HealthPolicyStatus) => {
      await writer.write(foreign, status);
      return writer.write(foreign, status);
    };
    expect(await mend(wanted)).toBeCloseTo(5_000);
    jest.advanceTimersByTime(5_000);
    expect(await mend(wanted)).toBeCloseTo(10_000);
    expect(await mend(statusOf("False"))).toBeCloseTo(5_000);
    jest.advanceTimersByTime(5_000);
    expect(await mend(statusOf("False"))).toBeCloseTo(10_000);
    jest.advanceTimersByTime(60_000);
    expect(await mend(statusOf("False"))).toBeCloseTo(5_000);
  });

  /**
   * The seconds of an hour in which a status is written that never stands as it is wanted. Each write that changes
   * what stands is an event, with which the policy is looked at; apart from that it is when the writer asks, or idle.
   */
  async function writesOfAnHour(
    changes: (write: number) => boolean,
    { theirs = foreign.status, ours = wanted } = {},
  ): Promise<number[]> {
    const seconds: number[] = [];
    const stands = record({}, theirs);
    for (let now = 0; now < 3_600_000; ) {
      let again = await writer.write(stands, ours);
      if (written.length > seconds.length) {
        seconds.push(Math.round(now / 1_000));
        if (changes(seconds.length)) again = await writer.write(stands, ours);
      }
      const wait = Math.min(again ?? IDLE_MILLISECONDS, IDLE_MILLISECONDS);
      jest.advanceTimersByTime(wait);
      now += wait;
    }
    return seconds;
  }

  test("costs one write more where the API server always makes the same of it, as when it prunes a field", async () => {
    const writes = await writesOfAnHour((write) => write === 1);
    expect(writes).toEqual([0, 5, 605, 1205, 1805, 2405, 3005]);
  });

  test("costs a write less and less often where somebody answers each of ours at once", async () => {
    const writes = await writesOfAnHour(() => true);
    expect(writes).toEqual([0, 5, 15, 35, 75, 155, 315, 635, 1235, 1835, 2435, 3035]);
  });

  test.each<[ConditionReason, ConditionReason]>([
    ["ConfigMapNotOurs", "Programmed"],
    ["ImageNotPulled", "Programmed"],
    ["Programmed", "ImageNotPulled"],
    ["ConfigMapRefused", "ImageNotPulled"],
  ])(
    "is mended every 5 s, however often, where by it replicas inject otherwise: %s for %s",
    async (theirs, ours) => {
      const said = { theirs: programmedOf(theirs), ours: programmedOf(ours) };
      const writes = await writesOfAnHour(() => true, said);
      expect(writes).toEqual(Array.from({ length: 720 }, (_, write) => 5 * write));
    },
  );

  test("is mended less and less often where by it replicas inject all the same", async () => {
    const said = { theirs: programmedOf("Reconciling"), ours: programmedOf("Programmed") };
    expect(await writesOfAnHour(() => true, said)).toHaveLength(12);
  });

  test("is mended within 5 s where it holds pods back, also after much else was mended in vain", async () => {
    const ours = programmedOf("Programmed");
    for (const trusted of [0, 5_000, 10_000, 20_000]) {
      jest.advanceTimersByTime(trusted);
      await writer.write(record({}, programmedOf("Reconciling")), ours);
    }
    expect(written).toHaveLength(4);
    const heldBack = record({}, programmedOf("ConfigMapNotOurs"));
    expect(await writer.write(heldBack, ours)).toBeCloseTo(5_000);
    jest.advanceTimersByTime(5_000);
    expect(await writer.write(heldBack, ours)).toBeUndefined();
    expect(written).toHaveLength(5);
  });
});

test("a new policy of the name has none of the old one's status", async () => {
  const status = statusOf("True");
  await writer.write(record(), status);
  const young = record({ uid: "another" });
  expect(writer.previous(record())).toBe(status);
  expect(writer.previous(young)).toBeUndefined();
  await writer.write(young, status);
  expect(written).toHaveLength(2);
});

test("counts and the sentences that quote them wait, with the time until then", async () => {
  await writer.write(record(), statusOf("True"));
  expect(await writer.write(record(), statusOf("True", 1))).toBeCloseTo(5_000);
  expect(await writer.write(record(), statusOf("True", 1, "another"))).toBeCloseTo(5_000);
  jest.advanceTimersByTime(5_000);
  expect(await writer.write(record(), statusOf("True", 2))).toBeUndefined();
  expect(written).toEqual([statusOf("True"), statusOf("True", 2)]);
});

test.each<[string, (count: number) => Partial<HealthPolicyStatus>]>([
  ["dependencies", (pods) => ({ dependencies: [{ name: "orders-db", failingPods: pods }] })],
  ["rollout", (pods) => ({ rollout: { message: `${pods} of 3 pods are not ready` } })],
  ["application", (pods) => ({ application: { probesRaised: pods, probesLeftAlone: 0 } })],
])("status.%s waits like the counts that it has, pod by pod", async (_, part) => {
  const counted = (count: number) => ({ ...statusOf("True", count), ...part(count) });
  await writer.write(record(), counted(1));
  expect(await writer.write(record(), counted(2))).toBeCloseTo(5_000);
  expect(await writer.write(record(), counted(3))).toBeCloseTo(5_000);
  expect(written).toEqual([counted(1)]);
});

test("an eviction does not wait: it is written before the pod goes", async () => {
  const evicting = {
    workload: "Deployment/web",
    pod: "web-1",
    uid: "uid",
    revision: "r",
    pods: 3,
    current: 0,
  };
  await writer.write(record(), { ...statusOf("True"), rollout: { message: "waits" } });
  const next = { ...statusOf("True"), rollout: { message: "evicts", evicting } };
  expect(await writer.write(record(), next)).toBeUndefined();
  expect(written).toHaveLength(2);
});

test("a condition does not wait, and takes the counts along", async () => {
  await writer.write(record(), statusOf("True"));
  expect(await writer.write(record(), statusOf("False", 1))).toBeUndefined();
  expect(
    await writer.write(record(), { ...statusOf("False", 1), observedGeneration: 4 }),
  ).toBeUndefined();
  expect(written).toHaveLength(3);
});

test("a write that failed is not remembered as done", async () => {
  failing = true;
  await expect(writer.write(record(), statusOf("True"))).rejects.toThrow("refused");
  expect(writer.previous(record())).toBeUndefined();
  failing = false;
  await writer.write(record(), statusOf("True"));
  expect(written).toHaveLength(1);
});

test("a policy that is gone is forgotten", async () => {
  await writer.write(record(), statusOf("True"));
  writer.forget("shop/web");
  expect(writer.previous(record())).toBeUndefined();
  expect(await writer.write(record(), statusOf("True", 1))).toBeUndefined();
});

test("the whole status of this very policy is replaced, whoever else holds parts of it", async () => {
  await writer.write(record({}, { observedGeneration: 1 }), statusOf("True"));
  expect(requests).toEqual([
    {
      method: "PATCH",
      path: "/apis/healthpolicy.dev/v1alpha1/namespaces/shop/healthpolicies/web/status",
      query: { fieldManager: "healthpolicy-status" },
      contentType: "application/json-patch+json",
      body: [
        { op: "test", path: "/metadata/uid", value: record().uid },
        { op: "add", path: "/status", value: statusOf("True") },
      ],
    },
  ]);
});
