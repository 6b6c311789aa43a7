/** What the demo asks of the cluster, through kubectl and docker as a person would. */
import { execFileSync } from "node:child_process";
import {
  PORT_ENV,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
  STATUS_PATH,
} from "../../operator/api/names.ts";

export const NAMESPACE = "healthpolicy-demo";
/** `make demo` says which cluster it made, as it does for the end-to-end tests. */
const NODE = `${process.env.HEALTHPOLICY_TEST_CLUSTER ?? "healthpolicy"}-control-plane`;
/** One call that does not wait for anything itself. */
const CALL_MILLISECONDS = 30_000;

/** Runs a program to its end and gives its output; throws with its own words when it fails. */
function run(program: string, parameters: readonly string[], timeout: number): string {
  return execFileSync(program, parameters, {
    encoding: "utf8",
    timeout,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** kubectl in the demo's namespace; `timeout` in milliseconds where the call itself waits. */
export function kubectl(parameters: readonly string[], timeout = CALL_MILLISECONDS): string {
  return run("kubectl", ["--namespace", NAMESPACE, ...parameters], timeout);
}

/** A command in the kind node, where packets can be dropped. */
export function onNode(...command: string[]): string {
  return run("docker", ["exec", NODE, ...command], CALL_MILLISECONDS);
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
}

interface RawPod {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { initContainers?: { name: string; env?: { name: string; value?: string }[] }[] };
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** A pod of the app, as the demo tells of it. */
export interface AppPod {
  name: string;
  ready: boolean;
  /** The app's own container, which never looks at a dependency. */
  appReady: boolean;
  injected: boolean;
  /** Of all its containers together. */
  restarts: number;
  sidecarPort: number;
}

function view(pod: RawPod): AppPod {
  const sidecar = pod.spec.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  const statuses = [
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.initContainerStatuses ?? []),
  ];
  const port = sidecar?.env?.find(({ name }) => name === PORT_ENV)?.value;
  return {
    name: pod.metadata.name,
    ready: pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
    appReady: pod.status.containerStatuses?.every((container) => container.ready) ?? false,
    injected: sidecar !== undefined,
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    sidecarPort: Number(port ?? SIDECAR_PORT),
  };
}

/** The app's pods that are not being deleted. */
export function appPods(): AppPod[] {
  const { items } = JSON.parse(kubectl(["get", "pods", "-l", "app=web", "-o", "json"])) as {
    items: RawPod[];
  };
  return items.filter((pod) => pod.metadata.deletionTimestamp === undefined).map(view);
}

interface Report {
  reason?: string;
  dependencies: { name: string; up: boolean; reason?: string; detail?: string }[];
}

/** Why a pod is not ready, in its sidecar's words, such as `orders-db: ConnectionRefused`. */
export function whyNotReady(pod: AppPod): string {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.name}:${pod.sidecarPort}/proxy${STATUS_PATH}`;
  try {
    const report = JSON.parse(kubectl(["get", "--raw", path])) as Report;
    const down = report.dependencies
      .filter(({ up }) => !up)
      .map(({ name, reason, detail }) => [`${name}: ${reason}`, detail].filter(Boolean).join(" "));
    return down.join(", ") || (report.reason ?? "no reason given");
  } catch {
    return "its sidecar does not answer";
  }
}

/** How many endpoints a Service has, ready or not. */
export function endpointsOf(service: string): number {
  const label = `kubernetes.io/service-name=${service}`;
  const { items } = JSON.parse(kubectl(["get", "endpointslices", "-l", label, "-o", "json"])) as {
    items: { endpoints: { conditions: { ready?: boolean } }[] | null }[];
  };
  return items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready !== false).length;
}

/** Whether the policy reaches every pod that is created from now on. */
export function policyProgrammed(name: string): boolean {
  const policy = JSON.parse(kubectl(["get", "healthpolicy", name, "-o", "json"])) as {
    metadata: { generation: number };
    status?: {
      observedGeneration?: number;
      conditions?: { type: string; status: string }[];
    };
  };
  return (
    policy.status?.observedGeneration === policy.metadata.generation &&
    (policy.status.conditions?.some((c) => c.type === "Programmed" && c.status === "True") ?? false)
  );
}

/** The worst cases that the policy's status promises, such as `16s` and `11s`. */
export function promisedBounds(policy: string): { unreadyWithin: string; readyWithin: string } {
  const read = (field: string) =>
    kubectl(["get", "healthpolicy", policy, "-o", `jsonpath={.status.bounds.${field}}`]) || "?";
  return { unreadyWithin: read("unreadyWithin"), readyWithin: read("readyWithin") };
}
