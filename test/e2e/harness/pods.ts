/** What the tests read of pods: readiness of the app's container and of ours, restarts, the sidecar's word. */
import { PORT_ENV, SIDECAR_CONTAINER, STATUS_PATH } from "../../../operator/api/names.ts";
import { apiGet, apiGetJson } from "./api-get.ts";

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
}

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
}

/** A pod, as far as the tests look. */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    deletionTimestamp?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
  };
  spec: { nodeName?: string; containers: Container[]; initContainers?: Container[] };
  status: {
    podIP?: string;
    hostIP?: string;
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** The pods with a label, in a namespace, that are not being deleted. */
export async function podsOf(namespace: string, selector: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const list = await apiGetJson<{ items: Pod[] }>(path);
  return list.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** When the pod last became ready or unready. */
export const readySince = (pod: Pod): string | undefined =>
  pod.status.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;

/** Whether the container of the app, not ours, is ready. */
export const appReady = (pod: Pod): boolean =>
  pod.status.containerStatuses?.every((container) => container.ready) ?? false;

const sidecarStatus = (pod: Pod) =>
  pod.status.initContainerStatuses?.find((container) => container.name === SIDECAR_CONTAINER);

export const sidecarReady = (pod: Pod): boolean => sidecarStatus(pod)?.ready ?? false;

/** How often the kubelet has started our container again. */
export const sidecarRestarts = (pod: Pod): number => sidecarStatus(pod)?.restartCount ?? 0;

export const isInjected = (pod: Pod): boolean =>
  pod.spec.initContainers?.some((container) => container.name === SIDECAR_CONTAINER) ?? false;

/** Restarts of all containers of a pod together. */
export function restarts(pod: Pod): number {
  const all = [
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.initContainerStatuses ?? []),
  ];
  return all.reduce((sum, container) => sum + container.restartCount, 0);
}

/** What does not change about pods that nothing happens to: since when they are ready, and their restarts. */
export async function standing(namespace: string, selector: string) {
  const pods = await podsOf(namespace, selector);
  return pods.map((pod) => ({
    name: pod.metadata.name,
    ready: isReady(pod),
    since: readySince(pod),
    restarts: restarts(pod),
  }));
}

/** A dependency in the sidecar's report. */
export interface DependencyReport {
  name: string;
  up: boolean;
  reason?: string;
  since?: string;
  detail?: string;
  tls?: boolean;
}

/** The sidecar's `/status`. */
export interface SidecarReport {
  policy?: string;
  generation?: number;
  ready: boolean;
  reason?: string;
  dependencies: DependencyReport[];
}

/** Where the sidecar of a pod listens. */
export function sidecarPort(pod: Pod): string | undefined {
  const container = pod.spec.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  return container?.env?.find(({ name }) => name === PORT_ENV)?.value;
}

/** Asks the sidecar of a pod through the API server, which reaches a pod ready or not. */
export async function askSidecar(pod: Pod, path: string): Promise<string> {
  const { namespace, name } = pod.metadata;
  return apiGet(`/api/v1/namespaces/${namespace}/pods/${name}:${sidecarPort(pod)}/proxy${path}`);
}

/** The sidecar's `/status`, or undefined while it does not answer. */
export async function sidecarReport(pod: Pod): Promise<SidecarReport | undefined> {
  try {
    return JSON.parse(await askSidecar(pod, STATUS_PATH)) as SidecarReport;
  } catch {
    return undefined;
  }
}

/** The dependency's entry in the sidecar's report. */
export async function dependencyReport(
  pod: Pod,
  dependency: string,
): Promise<DependencyReport | undefined> {
  const report = await sidecarReport(pod);
  return report?.dependencies.find(({ name }) => name === dependency);
}
