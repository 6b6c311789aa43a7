/** Writes the status of policies, when it differs from what stands and their turn has come. */
import { isDeepStrictEqual } from "node:util";
import { API_VERSION, HEALTH_POLICIES } from "../../api/names.ts";
import type { Condition } from "../../api/v1alpha1-conditions.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { IDLE_MILLISECONDS } from "../idle-time.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf, type ObjectName } from "../kube/kube-object.ts";
import { heldBackBecause } from "./read-status.ts";
import { createStatusPace, type Urgency } from "./status-pace.ts";

const FIELD_MANAGER = "healthpolicy-status";
/** A status that we have written is in the cache well within this time; another one there is then somebody else's. */
const ECHO_MILLISECONDS = 5_000;

/** A kind of policy whose status is written; `S` is the part of the status that this writer has. */
export interface StatusKind<S> {
  plural: string;
  /** The status without what changes with every pod or namespace: counts, and the sentences that quote them. */
  withoutCounts(status: S): object;
  /** Why no replica injects pods under the policy, by this status; undefined: nothing is said of that. */
  heldBackBecause(status: S | undefined): string | undefined;
}

/** A policy of such a kind, as the cache has it. */
interface Reported<S> extends ObjectName {
  uid: string;
  status: S | undefined;
}

/** Writes statuses and remembers them until the cache has them. */
export interface StatusWriter<S> {
  /** The status as it stands: what was written last, unless that was about another object. */
  previous(record: Reported<S>): S | undefined;
  /**
   * Writes when needed. Resolves with the milliseconds after which it wants to be called again, with the
   * status as it is then, because it is not the policy's turn yet, or the cache has not what was written.
   */
  write(record: Reported<S>, status: S): Promise<number | undefined>;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Written<S> {
  uid: string;
  status: S;
  at: number;
  /** For so long it is taken for what stands, unless replicas would inject otherwise by what the cache has. */
  trustedMilliseconds: number;
}

/** Conditions without their sentences. */
export function withoutMessages(
  conditions: readonly Condition[] | undefined,
): object[] | undefined {
  return conditions?.map(({ message: _, ...condition }) => condition);
}

/** HealthPolicies. */
export const HEALTH_POLICY_STATUS: StatusKind<HealthPolicyStatus> = {
  plural: HEALTH_POLICIES,
  heldBackBecause,
  // Aligned pods change `application` one by one, as they change `pods`.
  withoutCounts: ({
    pods: _,
    dependencies: __,
    application: ___,
    // It follows from conditions, which are compared, and from dependencies, which are not.
    reason: ____,
    conditions,
    rollout,
    ...rest
  }) => ({
    ...rest,
    // What it waits for changes with the pods; what it evicts is written before that happens.
    rollout: rollout && { ...rollout, message: undefined },
    conditions: withoutMessages(conditions),
  }),
};

/** A writer that has written nothing yet. */
export function createStatusWriter<S>(client: KubeClient, of: StatusKind<S>): StatusWriter<S> {
  const written = new Map<string, Written<S>>();
  const pace = createStatusPace();

  function urgencyOf(stands: S | undefined, wanted: S): Urgency {
    const same =
      stands !== undefined && isDeepStrictEqual(of.withoutCounts(stands), of.withoutCounts(wanted));
    return same ? "counts" : "condition";
  }

  /** What was written last, unless that was about another object. */
  function lastOf(record: Reported<S>): Written<S> | undefined {
    const last = written.get(keyOf(record));
    return last?.uid === record.uid ? last : undefined;
  }

  /**
   * Milliseconds for which what was written last is still taken for what stands. Replicas believe the status: one by
   * which they leave pods alone, or no longer do, is mended as soon as our write must be in the cache, however often.
   */
  function trustLeft(record: Reported<S>): number {
    const last = lastOf(record);
    if (!last) return 0;
    const isBelieved = of.heldBackBecause(record.status) !== of.heldBackBecause(last.status);
    const trusted = isBelieved ? ECHO_MILLISECONDS : last.trustedMilliseconds;
    return Math.max(0, last.at + trusted - performance.now());
  }

  /** What the cache has, or what was just written and has not come back to it yet. */
  function standing(record: Reported<S>): S | undefined {
    const last = lastOf(record);
    return last && trustLeft(record) > 0 ? last.status : record.status;
  }

  /**
   * What stands by our own memory is as it should be. Where the cache has something else, our write is on its way, or
   * somebody has changed the status since: the event of that change is used up, so without another look it would stay
   * until the policy is looked at for another reason.
   */
  function lookAgain(record: Reported<S>, status: S): number | undefined {
    return isDeepStrictEqual(record.status, status) ? undefined : trustLeft(record);
  }

  /**
   * Twice as long as the last time where the same status has to be written again soon after. Else a status that
   * somebody answers at once with another, each time, would be written every 5 s for ever.
   */
  function trustIn(status: S, last: Written<S> | undefined): number {
    const before = last && isDeepStrictEqual(last.status, status) ? last : undefined;
    if (!before || performance.now() - before.at > 2 * before.trustedMilliseconds) {
      return ECHO_MILLISECONDS;
    }
    return Math.min(2 * before.trustedMilliseconds, IDLE_MILLISECONDS);
  }

  function pathOf({ namespace, name }: ObjectName): string {
    const scope = namespace === undefined ? "" : `namespaces/${namespace}/`;
    return `/apis/${API_VERSION}/${scope}${of.plural}/${name}/status`;
  }

  /**
   * The whole status in one step, not by a server-side apply. Whoever may update the policy may write its
   * managedFields: an entry there has every apply of ours refused, so that the status never changes again, or keeps in
   * it what ours leave out. Nor is an apply possible where the definition in place has other fields than what stands.
   */
  async function replace(record: Reported<S>, status: S): Promise<void> {
    await client.request({
      method: "PATCH",
      path: pathOf(record),
      query: { fieldManager: FIELD_MANAGER },
      contentType: "application/json-patch+json",
      body: [
        // Keeps a new policy of this name from getting the old one's status.
        { op: "test", path: "/metadata/uid", value: record.uid },
        // Takes the place of one that is there.
        { op: "add", path: "/status", value: status },
      ],
    });
  }

  return {
    previous: (record) => {
      const last = lastOf(record);
      return last ? last.status : record.status;
    },
    write: async (record, status) => {
      const stands = standing(record);
      if (isDeepStrictEqual(stands, status)) {
        pace.leave(keyOf(record));
        return lookAgain(record, status);
      }
      const wait = pace.wait(keyOf(record), urgencyOf(stands, status));
      if (wait > 0) return wait;
      await replace(record, status);
      written.set(keyOf(record), {
        uid: record.uid,
        status,
        at: performance.now(),
        trustedMilliseconds: trustIn(status, lastOf(record)),
      });
      return undefined;
    },
    forget: (key) => {
      written.delete(key);
      pace.forget(key);
    },
  };
}
