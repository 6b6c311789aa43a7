/**
 * Has the kubelet fetch a changed ConfigMap at once: it looks at a pod's volumes when the pod object changes, and else
 * about once a minute. So an annotation of ours is changed. What comes too late or cannot be done is left: the kubelet
 * gets to it by itself.
 */
import { NUDGE_ANNOTATION, NUDGE_DELETED, NUDGE_FIELD_MANAGER } from "../../api/names.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { PodWatches } from "../pods/pod-watches.ts";
import { expectNudged, resultOf } from "./nudge-result.ts";
import { createPacedTasks, type Task } from "./paced-tasks.ts";
import type { NudgedPolicy, TellNudges } from "./tell-nudges.ts";

/** Calls a second over all policies: a fifth of what kubelets of 1,000 nodes do in such an hour. */
const NUDGES_PER_SECOND = 50;
/**
 * After so long the kubelet has looked by itself. It is also why more pods than can be told of by then are left out.
 */
const TOO_LATE_MILLISECONDS = 60_000;
/** So that the kubelet has heard of the ConfigMap before it hears of the pod: its watches are not one. */
const AFTER_WRITE_MILLISECONDS = 250;
/** Between two looks whether what a policy's pods wait for has come. */
const LOOK_MILLISECONDS = 500;
/** How long a deleted policy's ConfigMap is waited for. */
const COLLECTED_WITHIN_MILLISECONDS = 30_000;

/** A pod, as far as a patch names it. */
type NudgedPod = Pick<PodRecord, "namespace" | "name" | "uid" | "sidecar">;

/** What nudging needs. */
export interface NudgerOptions {
  client: Pick<KubeClient, "request">;
  pods: Pick<PodWatches, "pods" | "synced">;
  /** Whether there is a ConfigMap of the policy. */
  stands: (policy: NudgedPolicy) => Promise<boolean>;
  tell: TellNudges;
}

/** Tells kubelets. Nothing of it is waited for, and nothing throws. */
export interface Nudger {
  /** The policy's ConfigMap has this version now. */
  wrote(policy: NudgedPolicy, version: string): void;
  /** The policy has been deleted; to be called while its pods are still known. */
  deleted(policy: NudgedPolicy): void;
  /** Begins nothing more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** A nudger with nothing to do. */
export function createNudger({ client, pods, stands, tell }: NudgerOptions): Nudger {
  const tasks = createPacedTasks({
    perSecond: NUDGES_PER_SECOND,
    most: (NUDGES_PER_SECOND * TOO_LATE_MILLISECONDS) / 1_000,
  });

  /** Only pods whose sidecar has started: kubelets look at others as it starts, and to make many of those is cheap. */
  const boundTo = ({ namespace, name }: NudgedPolicy) =>
    pods
      .pods(namespace)
      .filter(({ sidecar }) => sidecar?.policy === name && sidecar.port !== undefined);

  async function patch({ namespace, name, uid }: NudgedPod, value: string): Promise<void> {
    const answer = await client.request<unknown>({
      method: "PATCH",
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      query: { fieldManager: NUDGE_FIELD_MANAGER },
      contentType: "application/merge-patch+json",
      // The uid keeps a new pod of this name from being meant.
      body: { metadata: { uid, annotations: { [NUDGE_ANNOTATION]: value } } },
      signal: tasks.signal,
    });
    expectNudged(answer, value);
    tell.nudged();
  }

  /** A pod that is gone is not tried again. */
  async function patchIfThere(
    policy: NudgedPolicy,
    { pod, value }: { pod: NudgedPod; value: string },
  ): Promise<void> {
    try {
      await patch(pod, value);
    } catch (error) {
      if (resultOf(error) !== "gone") throw error;
      tell.failed(policy, error);
    }
  }

  function nudge(
    policy: NudgedPolicy,
    { told, value }: { told: readonly NudgedPod[]; value: string },
  ): void {
    for (const pod of told) {
      tasks.add({
        group: policy.namespace,
        key: pod.uid,
        after: AFTER_WRITE_MILLISECONDS,
        within: TOO_LATE_MILLISECONDS,
        run: () => patchIfThere(policy, { pod, value }),
        failed: (error) => tell.failed(policy, error),
        dropped: tell.leftOut,
      });
    }
  }

  /** What is waited for before a policy's pods are told; it takes the place of what was waited for before. */
  function look(
    policy: NudgedPolicy,
    { within, run, dropped }: Pick<Task, "within" | "run" | "dropped">,
  ): void {
    const group = policy.namespace;
    const failed = (error: unknown) => tell.failed(policy, error);
    const after = LOOK_MILLISECONDS;
    if (within > 0) tasks.add({ group, key: keyOf(policy), after, within, run, failed, dropped });
    else dropped();
  }

  /**
   * A namespace whose only policy was deleted is followed no more, and when the policy is made again its ConfigMap is
   * often written before the namespace's pods have been listed. Those that are not known by then are not told.
   */
  function nudgeWhenKnown(policy: NudgedPolicy, value: string, within: number): void {
    if (pods.synced(policy.namespace)) {
      nudge(policy, { told: boundTo(policy), value });
      return;
    }
    const run = async () => nudgeWhenKnown(policy, value, within - LOOK_MILLISECONDS);
    look(policy, { within, run, dropped: () => {} });
  }

  /** The garbage collector deletes the ConfigMap, and the operator may not watch that. */
  function nudgeWhenCollected(
    policy: NudgedPolicy,
    told: readonly NudgedPod[],
    within: number,
  ): void {
    const run = async () => {
      if (!(await stands(policy))) nudge(policy, { told, value: NUDGE_DELETED });
      else nudgeWhenCollected(policy, told, within - LOOK_MILLISECONDS);
    };
    look(policy, { within, run, dropped: () => told.forEach(tell.leftOut) });
  }

  return {
    wrote: (policy, value) => {
      // What still waits would tell its pods something older.
      tasks.remove(policy.namespace, keyOf(policy));
      nudgeWhenKnown(policy, value, TOO_LATE_MILLISECONDS);
    },
    deleted: (policy) => {
      const told = boundTo(policy);
      if (told.length > 0) nudgeWhenCollected(policy, told, COLLECTED_WITHIN_MILLISECONDS);
    },
    stop: tasks.stop,
  };
}
