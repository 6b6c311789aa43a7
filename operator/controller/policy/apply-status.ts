/** Writes the status of policies, when it differs from what stands. */
import { isDeepStrictEqual } from "node:util";
import { API_VERSION, HEALTH_POLICIES } from "../../api/names.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { policyKey } from "../work-item.ts";
import type { PolicyRecord } from "./policy-cache.ts";

const FIELD_MANAGER = "healthpolicy-status";
/** Our own write comes back to the cache well within this. */
const ECHO_MILLISECONDS = 5_000;

/** Writes statuses and remembers them until the cache has them. */
export interface StatusWriter {
  /** The status as it stands: what was written last, unless that was about another object. */
  previous(record: PolicyRecord): HealthPolicyStatus | undefined;
  /** Writes when needed. */
  write(record: PolicyRecord, status: HealthPolicyStatus): Promise<void>;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Written {
  uid: string;
  status: HealthPolicyStatus;
  at: number;
}

/** A writer that has written nothing yet. */
export function createStatusWriter(client: KubeClient): StatusWriter {
  const written = new Map<string, Written>();

  /** What the cache has, or what was just written and has not come back to it yet. */
  function standing(record: PolicyRecord): HealthPolicyStatus | undefined {
    const last = written.get(policyKey(record));
    const echoing = last?.uid === record.uid && performance.now() - last.at < ECHO_MILLISECONDS;
    return echoing ? last.status : record.status;
  }

  return {
    previous: (record) => {
      const last = written.get(policyKey(record));
      return last?.uid === record.uid ? last.status : record.status;
    },
    write: async (record, status) => {
      if (isDeepStrictEqual(standing(record), status)) return;
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
      written.set(policyKey(record), { uid, status, at: performance.now() });
    },
    forget: (key) => written.delete(key),
  };
}
