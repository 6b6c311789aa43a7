/** Writes the status of policies, when it differs from what stands and their turn has come. */
import { isDeepStrictEqual } from "node:util";
import { API_VERSION, HEALTH_POLICIES } from "../../api/names.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { PolicyRecord } from "./policy-cache.ts";
import { createStatusPace, type Urgency } from "./status-pace.ts";

const FIELD_MANAGER = "healthpolicy-status";
/** A status that we have written is in the cache well within this time. */
const ECHO_MILLISECONDS = 5_000;

/** Writes statuses and remembers them until the cache has them. */
export interface StatusWriter {
  /** The status as it stands: what was written last, unless that was about another object. */
  previous(record: PolicyRecord): HealthPolicyStatus | undefined;
  /**
   * Writes when needed. Resolves with the milliseconds after which it wants to be called again, with the
   * status as it is then, because it is not the policy's turn yet.
   */
  write(record: PolicyRecord, status: HealthPolicyStatus): Promise<number | undefined>;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Written {
  uid: string;
  status: HealthPolicyStatus;
  at: number;
}

/** A status without what changes with every pod: counts, and the sentences that quote them. */
function withoutCounts({ pods: _, conditions, ...rest }: HealthPolicyStatus): object {
  return { ...rest, conditions: conditions?.map(({ message: _text, ...condition }) => condition) };
}

function urgencyOf(stands: HealthPolicyStatus | undefined, wanted: HealthPolicyStatus): Urgency {
  const same = stands && isDeepStrictEqual(withoutCounts(stands), withoutCounts(wanted));
  return same ? "counts" : "condition";
}

/** A writer that has written nothing yet. */
export function createStatusWriter(client: KubeClient): StatusWriter {
  const written = new Map<string, Written>();
  const pace = createStatusPace();

  /** What the cache has, or what was just written and has not come back to it yet. */
  function standing(record: PolicyRecord): HealthPolicyStatus | undefined {
    const last = written.get(keyOf(record));
    const echoing = last?.uid === record.uid && performance.now() - last.at < ECHO_MILLISECONDS;
    return echoing ? last.status : record.status;
  }

  return {
    previous: (record) => {
      const last = written.get(keyOf(record));
      return last?.uid === record.uid ? last.status : record.status;
    },
    write: async (record, status) => {
      const stands = standing(record);
      if (isDeepStrictEqual(stands, status)) return undefined;
      const wait = pace.wait(keyOf(record), urgencyOf(stands, status));
      if (wait > 0) return wait;
      const { namespace, name, uid } = record;
      await client.apply({
        path: `/apis/${API_VERSION}/namespaces/${namespace}/${HEALTH_POLICIES}/${name}/status`,
        object: {
          apiVersion: API_VERSION,
          kind: "HealthPolicy",
          // The uid keeps a new policy of this name from getting the old one's status.
          metadata: { name, namespace, uid },
          status,
        },
        fieldManager: FIELD_MANAGER,
        force: true,
      });
      written.set(keyOf(record), { uid, status, at: performance.now() });
      return undefined;
    },
    forget: (key) => {
      written.delete(key);
      pace.forget(key);
    },
  };
}
