/**
 * Has the kubelet fetch a changed ConfigMap at once: it looks at a pod's volumes when the pod object changes, and else
 * about once a minute. So an annotation of ours is changed. What comes too late or cannot be done is left: the kubelet
 * gets to it by itself.
 */
import type { Logger } from "pino";
import { NUDGE_ANNOTATION, NUDGE_DELETED } from "../../api/names.ts";
import { ApiError, type KubeClient } from "../kube/kube-client.ts";
import type { PodRecord } from "../policy/pods.ts";
import { createPacedTasks } from "./paced-tasks.ts";

/** Calls a second over all policies: a fifth of what kubelets of 1,000 nodes do in such an hour. */
export const NUDGES_PER_SECOND = 50;
/** After so long the kubelet has looked by itself. It is also why more pods than can be told of by then are left out. */
const TOO_LATE_MILLISECONDS = 60_000;
/** So that the kubelet has heard of the ConfigMap before it hears of the pod: its watches are not one. */
const AFTER_WRITE_MILLISECONDS = 250;
/** Between two looks whether a deleted policy's ConfigMap has been collected, and how long they go on. */
const COLLECTED_MILLISECONDS = 500;
const COLLECTED_WITHIN_MILLISECONDS = 30_000;
const FIELD_MANAGER = "healthpolicy-nudge";
const COMPLAINT_MILLISECONDS = 60_000;
/** Answers that say that the pod is gone, or another of this name is there. */
const GONE: readonly number[] = [404, 409];

/** A policy's name. */
interface PolicyName {
  namespace: string;
  name: string;
}

/** A pod, as far as a patch names it. */
type NudgedPod = Pick<PodRecord, "namespace" | "name" | "uid" | "sidecar">;

/** What nudging needs. */
export interface NudgerOptions {
  client: Pick<KubeClient, "request">;
  /** Known pods of a namespace. */
  pods: (namespace: string) => readonly NudgedPod[];
  /** Whether there is a ConfigMap of the policy. */
  stands: (policy: PolicyName) => Promise<boolean>;
  log: Pick<Logger, "warn">;
}

/** Tells kubelets. Nothing of it is waited for, and nothing throws. */
export interface Nudger {
  /** The policy's ConfigMap has this version now. */
  wrote(policy: PolicyName, version: string): void;
  /** The policy has been deleted; to be called while its pods are still known. */
  deleted(policy: PolicyName): void;
  /** Begins nothing more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** A nudger with nothing to do. */
export function createNudger({ client, pods, stands, log }: NudgerOptions): Nudger {
  const tasks = createPacedTasks({
    perSecond: NUDGES_PER_SECOND,
    most: (NUDGES_PER_SECOND * TOO_LATE_MILLISECONDS) / 1_000,
    onError: complain,
  });
  let failed = 0;
  let complainedAt = Number.NEGATIVE_INFINITY;

  function complain(err: unknown): void {
    failed += 1;
    const now = performance.now();
    if (now - complainedAt < COMPLAINT_MILLISECONDS) return;
    complainedAt = now;
    log.warn(
      { err, failed },
      "pods could not be nudged; their kubelets look within about a minute",
    );
    failed = 0;
  }

  const boundTo = ({ namespace, name }: PolicyName) =>
    pods(namespace).filter(({ sidecar }) => sidecar?.policy === name);

  async function patch({ namespace, name, uid }: NudgedPod, value: string): Promise<void> {
    try {
      await client.request({
        method: "PATCH",
        path: `/api/v1/namespaces/${namespace}/pods/${name}`,
        query: { fieldManager: FIELD_MANAGER },
        contentType: "application/merge-patch+json",
        // The uid keeps a new pod of this name from being meant.
        body: { metadata: { uid, annotations: { [NUDGE_ANNOTATION]: value } } },
        signal: tasks.signal,
      });
    } catch (error) {
      if (!(error instanceof ApiError && GONE.includes(error.code))) throw error;
    }
  }

  function nudge(told: readonly NudgedPod[], value: string, after: number): void {
    for (const pod of told) {
      const key = pod.uid;
      tasks.add({ key, after, within: TOO_LATE_MILLISECONDS, run: () => patch(pod, value) });
    }
  }

  /** The garbage collector deletes the ConfigMap, and the operator may not watch that. */
  function nudgeWhenCollected(
    policy: PolicyName,
    told: readonly NudgedPod[],
    within: number,
  ): void {
    const key = `${policy.namespace}/${policy.name}`;
    const run = async () => {
      if (!(await stands(policy))) nudge(told, NUDGE_DELETED, AFTER_WRITE_MILLISECONDS);
      else nudgeWhenCollected(policy, told, within - COLLECTED_MILLISECONDS);
    };
    if (within > 0) tasks.add({ key, after: COLLECTED_MILLISECONDS, within, run });
  }

  return {
    wrote: (policy, version) => nudge(boundTo(policy), version, AFTER_WRITE_MILLISECONDS),
    deleted: (policy) => {
      const told = boundTo(policy);
      if (told.length > 0) nudgeWhenCollected(policy, told, COLLECTED_WITHIN_MILLISECONDS);
    },
    stop: tasks.stop,
  };
}
