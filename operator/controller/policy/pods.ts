/** The leader's view of pods: the few fields that counting and finding replicas take. */
import { POLICY_ANNOTATION, REVISION_ANNOTATION, SIDECAR_CONTAINER } from "../../api/names.ts";
import type { Pod } from "../../inject/pod.ts";
import { whyNeverInjected } from "../../inject/why-skip.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { Change } from "../kube/watch.ts";

/** A pod, cut down to what the leader needs. */
export interface PodRecord {
  namespace: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  /** The workload to restart, as kubectl takes it, such as `deployment/web`; a bare pod has none. */
  workload: string | undefined;
  /** Opted out, or of a kind that is never injected. */
  skipped: boolean;
  /** Set when the pod carries our container. */
  sidecar?: { policy: string; revision: string; ready: boolean };
  /** Address, where the pod has one. */
  ip: string | undefined;
  ready: boolean;
}

interface ContainerStatus {
  name?: string;
  ready?: boolean;
}

interface LivePod extends Pod {
  metadata: KubeObject["metadata"] & NonNullable<Pod["metadata"]>;
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: { type?: string; status?: string }[];
    initContainerStatuses?: ContainerStatus[];
  };
}

interface Owner {
  kind?: string;
  name?: string;
  controller?: boolean;
}

const WORKLOADS: Readonly<Record<string, string>> = {
  ReplicaSet: "deployment",
  StatefulSet: "statefulset",
  DaemonSet: "daemonset",
};

/** What to restart for a new pod in place of this one; derived, since we may not read workloads. */
function workloadOf({ metadata }: LivePod): string | undefined {
  const owners = (metadata.ownerReferences ?? []) as Owner[];
  const owner = owners.find(({ controller }) => controller);
  const kind = WORKLOADS[owner?.kind ?? ""];
  if (!kind || !owner?.name) return undefined;
  const hash = metadata.labels?.["pod-template-hash"];
  if (kind !== "deployment") return `${kind}/${owner.name}`;
  // A ReplicaSet of no Deployment has no hash, and kubectl cannot restart it.
  return hash === undefined ? undefined : `${kind}/${owner.name.replace(`-${hash}`, "")}`;
}

function sidecarOf(pod: LivePod): PodRecord["sidecar"] {
  const carries = pod.spec?.initContainers?.some(({ name }) => name === SIDECAR_CONTAINER);
  const policy = pod.metadata.annotations?.[POLICY_ANNOTATION];
  // Annotations without the container are somebody else's; a container without annotations is not ours.
  if (!carries || policy === undefined) return undefined;
  const status = pod.status?.initContainerStatuses?.find(({ name }) => name === SIDECAR_CONTAINER);
  return {
    policy,
    revision: pod.metadata.annotations?.[REVISION_ANNOTATION] ?? "",
    ready: status?.ready === true,
  };
}

/** Cuts a pod down; one that has ended or is being deleted counts as gone. */
export function projectPod(object: KubeObject): PodRecord | undefined {
  const pod = object as unknown as LivePod;
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  const sidecar = sidecarOf(pod);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    labels: metadata.labels ?? {},
    workload: workloadOf(pod),
    skipped: whyNeverInjected(pod) !== undefined,
    ...(sidecar && { sidecar }),
    ip: status?.podIP,
    ready: status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
  };
}

/** Pods by namespace, so that counting for one policy does not walk the whole cluster. */
export interface PodIndex {
  /** To be given every change of the cache. */
  update(change: Change<PodRecord>): void;
  pods(namespace: string): PodRecord[];
}

/** An empty index. */
export function createPodIndex(): PodIndex {
  const byNamespace = new Map<string, Map<string, PodRecord>>();
  return {
    update: ({ old, now }) => {
      const { namespace, name } = (now ?? old) as PodRecord;
      const pods = byNamespace.get(namespace) ?? new Map<string, PodRecord>();
      if (now) pods.set(name, now);
      else pods.delete(name);
      if (pods.size > 0) byNamespace.set(namespace, pods);
      else byNamespace.delete(namespace);
    },
    pods: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
  };
}

const SIBLING_LABELS = [
  "app.kubernetes.io/name",
  "app.kubernetes.io/instance",
  "app.kubernetes.io/component",
];

/** The ready replicas of this operator, itself included: pods that carry the same labels as `self`. */
export function readyReplicas(pods: readonly PodRecord[], self: string): PodRecord[] {
  const own = pods.find(({ name }) => name === self);
  if (!own) return [];
  return pods.filter(
    ({ labels, ready, ip }) =>
      ready && ip !== undefined && SIBLING_LABELS.every((key) => labels[key] === own.labels[key]),
  );
}
