/** The leader's view of a pod: the few fields that its work takes. */
import { keptLabels, keptText } from "../../api/kept.ts";
import {
  isSidecarPort,
  POLICY_ANNOTATION,
  POLICY_NAME_MAX_LENGTH,
  PORT_ENV,
  REVISION_ANNOTATION,
  SIDECAR_CONTAINER,
} from "../../api/names.ts";
import {
  type ImageVersion,
  imageVersion,
  isSameRepository,
  isSidecar,
} from "../../inject/is-sidecar.ts";
import type { Container, Pod } from "../../inject/pod.ts";
import { type RaisedRecord, raisedRecord } from "../../inject/raised-record.ts";
import { REVISION_LENGTH } from "../../inject/revision.ts";
import type { Skip } from "../../inject/skip.ts";
import { whyNeverInjected } from "../../inject/why-skip.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import type { OnTooWide } from "../kube/too-wide-log.ts";
import type { JudgedPod } from "../standards/coverage.ts";
import { judgedProbes } from "../standards/judged-probes.ts";
import { controllerOfPod, type PodController } from "./controller-of-pod.ts";
import { createdSeconds } from "./created-seconds.ts";
import { isNodeLost, type PodCondition } from "./node-lost.ts";
import { restartTarget } from "./restart-target.ts";
import { shareEqual } from "./share-equal.ts";
import { type StartState, type StartStatus, startState } from "./start-state.ts";
import { workloadOfPod } from "./workload-of-pod.ts";

/** Why a pod is left as it is: for what it is itself, for a Service that it is behind, or for its namespace. */
export type SkippedPod = Readonly<
  Omit<Skip, "reason"> & { reason: Skip["reason"] | "CircularDependency" | "NamespaceExcluded" }
>;

/** A pod, cut down to what the leader needs. */
export interface PodRecord {
  namespace: string;
  name: string;
  uid: string;
  /** None of a pod that has more than are kept; it is skipped. */
  labels: Readonly<Record<string, string>>;
  /** What `kubectl rollout restart` takes to replace it, such as `deployment/web`; a bare pod has none. */
  restartTarget: string | undefined;
  /** What made it, as far as Events can name that; a bare pod has none. */
  controller: PodController | undefined;
  /** Why no restart gives it the sidecar: opted out, or one that is never injected. */
  skipped: SkippedPod | undefined;
  /** Set when the pod carries our container. */
  sidecar?: Sidecar;
  /** Address, where the pod has one. */
  ip: string | undefined;
  ready: boolean;
  /** When it was created, in seconds since 1970. */
  created: number;
  /** It is being deleted, and counts nowhere any more. */
  terminating?: true;
  /** What the standards of ClusterHealthPolicies are held against. */
  judged: Readonly<JudgedPod>;
}

/** Our container in a pod. */
export interface Sidecar {
  /** The policy that the pod is bound to. */
  policy: string;
  revision: string;
  /** Of its image, as the pod states it, if it does; one object for all pods that state the same. */
  version?: Readonly<ImageVersion>;
  /** As its node says, while that says anything. */
  ready: boolean;
  /** Its node has gone silent: not ready, and nobody is there to be asked. */
  lost?: true;
  /** Where it can be asked: absent before it runs, and where the port is none of ours or the node's. */
  port?: number;
  /** Whether it has let the pod start, where its image is the one that new pods get. */
  start?: StartState;
  /** Its image comes from another registry than that of new pods, of which its `start` says nothing then. */
  elsewhere?: true;
  /** Set when something is recorded of the app's own probes. */
  probes?: Readonly<RaisedRecord>;
}

interface ContainerStatus extends StartStatus {
  started?: boolean;
  ready?: boolean;
}

interface LivePod extends Pod {
  metadata: KubeObject["metadata"] &
    NonNullable<Pod["metadata"]> & { uid?: string; creationTimestamp?: string };
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: PodCondition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: StartStatus[];
  };
}

/** The longest address, an IPv6 one with an IPv4 one at its end. */
const IP_MAX_LENGTH = 45;

const ownersOf = ({ metadata }: LivePod) =>
  (metadata.ownerReferences ?? []) as Partial<OwnerReference>[];

/** What cutting down takes beside the pod. */
interface Projection {
  /** The sidecar's image, by which our container is told from another of its name. */
  image: string;
  onTooWide: OnTooWide;
  /** Pods of a workload record the same of their probes: each for itself would double what is kept of a pod. */
  share: (record: RaisedRecord) => Readonly<RaisedRecord>;
  shareController: (controller: PodController) => PodController;
  shareSkip: (skip: Skip) => Readonly<Skip>;
  /** Pods of a workload are judged alike, and so are those of many workloads whose probes are equal. */
  shareJudged: (judged: JudgedPod) => Readonly<JudgedPod>;
  shareProbes: (probes: JudgedPod["probes"]) => JudgedPod["probes"];
  shareVersion: (version: ImageVersion) => Readonly<ImageVersion>;
}

/** Others than ours are not asked: what a person writes there must not send us to any port of the pod. */
function portOf({ env }: Container, { spec }: LivePod): number | undefined {
  const port = Number(env?.find(({ name }) => name === PORT_ENV)?.value);
  return isSidecarPort(port) && spec?.hostNetwork !== true ? port : undefined;
}

function startOf(
  { image }: Container,
  { status }: LivePod,
  configured: string,
): Pick<Sidecar, "start" | "elsewhere"> | undefined {
  const start = startState(image, status, configured);
  return start && { start, ...(!isSameRepository(image, configured) && { elsewhere: true }) };
}

function sidecarOf(pod: LivePod, { image, share, shareVersion }: Projection): Sidecar | undefined {
  const container = pod.spec?.initContainers?.find((one) => isSidecar(one, image));
  const { annotations = {} } = pod.metadata;
  const policy = keptText(annotations[POLICY_ANNOTATION], POLICY_NAME_MAX_LENGTH);
  // Only both together make a pod ours: annotations get copied along with a pod's manifest, and anybody
  // may give a container our name.
  if (!container || policy === undefined) return undefined;
  const status = pod.status?.initContainerStatuses?.find(({ name }) => name === SIDECAR_CONTAINER);
  const probes = raisedRecord(annotations);
  const version = imageVersion(container.image);
  const port = status?.started ? portOf(container, pod) : undefined;
  const isLost = isNodeLost(pod.status?.conditions);
  return {
    policy,
    revision: keptText(annotations[REVISION_ANNOTATION], REVISION_LENGTH) ?? "",
    ...(version && { version: shareVersion(version) }),
    ready: status?.ready === true && !isLost,
    ...(isLost && { lost: true }),
    ...(probes.raised.length + probes.leftAlone.length > 0 && { probes: share(probes) }),
    ...(port !== undefined && { port }),
    ...startOf(container, pod, image),
  };
}

/** Shared: pods of one workload have the same. */
function shared<T extends object>(
  share: (value: T) => Readonly<T>,
  value: T | undefined,
): Readonly<T> | undefined {
  return value && share(value);
}

function judgedPod({ metadata, spec }: LivePod, projection: Projection): Readonly<JudgedPod> {
  const probes = projection.shareProbes(judgedProbes((spec ?? {}) as JudgedPod["probes"]));
  return projection.shareJudged({ workload: workloadOfPod(metadata), probes });
}

function recordOf(pod: LivePod, projection: Projection): PodRecord {
  const { metadata, status } = pod;
  const { image, onTooWide, shareController, shareSkip } = projection;
  const labels = keptLabels(metadata.labels);
  if (!labels) onTooWide(metadata);
  const sidecar = sidecarOf(pod, projection);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid ?? "",
    labels: labels ?? {},
    restartTarget: restartTarget(metadata),
    controller: shared(shareController, controllerOfPod(ownersOf(pod))),
    skipped: shared(shareSkip, whyNeverInjected(pod, { image })),
    ...(sidecar && { sidecar }),
    ip: keptText(status?.podIP, IP_MAX_LENGTH),
    ready: status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
    created: createdSeconds(metadata),
    judged: judgedPod(pod, projection),
  };
}

/**
 * How a pod is cut down; one that has ended counts as gone. `image` is that of the sidecar, by which our container is
 * told from another of its name.
 */
export function podProjection(
  image: string,
  onTooWide: OnTooWide = () => {},
): (object: KubeObject) => PodRecord | undefined {
  const projection: Projection = {
    image,
    onTooWide,
    share: shareEqual(),
    shareController: shareEqual(),
    shareSkip: shareEqual(),
    shareJudged: shareEqual(),
    shareProbes: shareEqual(),
    shareVersion: shareEqual(),
  };
  return (object) => {
    const pod = object as unknown as LivePod;
    const phase = pod.status?.phase;
    if (phase === "Succeeded" || phase === "Failed") return undefined;
    const record = recordOf(pod, projection);
    return pod.metadata.deletionTimestamp === undefined ? record : { ...record, terminating: true };
  };
}
