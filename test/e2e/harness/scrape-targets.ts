/**
 * What Prometheus' service discovery finds in Kubernetes, with the names that it gives to what is known of a target.
 * Debian builds Prometheus without it, so its answer is given to Prometheus as a file.
 */
import { kubectlJson } from "./kubectl.ts";

/** Targets with the same labels, as Prometheus reads them from a file. */
export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

interface Container {
  name: string;
  ports?: { name?: string; containerPort: number }[];
}

interface Pod {
  metadata: { name: string; namespace: string; annotations?: Record<string, string> };
  spec: { initContainers?: Container[]; containers: Container[] };
  status: { podIP?: string };
}

interface Service {
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
}

interface EndpointSlice {
  metadata: { namespace: string; labels?: Record<string, string> };
  endpoints: { addresses: string[]; targetRef?: { name: string } }[] | null;
  ports: { name: string; port: number }[] | null;
}

const list = async <T>(...what: string[]) =>
  (await kubectlJson<{ items: T[] }>("get", ...what)).items;

const underscored = (name: string) => name.replaceAll(/[^a-zA-Z0-9]/g, "_");

const metaLabels = (prefix: string, values: Record<string, string> = {}) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `__meta_kubernetes_${prefix}_${underscored(name)}`,
      value,
    ]),
  );

function podTargets({ metadata, spec, status }: Pod): TargetGroup[] {
  if (!status.podIP) return [];
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return containers.flatMap(({ name, ports = [] }) =>
    ports.map((port) => ({
      targets: [`${status.podIP}:${port.containerPort}`],
      labels: {
        __meta_kubernetes_namespace: metadata.namespace,
        __meta_kubernetes_pod_name: metadata.name,
        __meta_kubernetes_pod_container_name: name,
        __meta_kubernetes_pod_container_port_name: port.name ?? "",
        __meta_kubernetes_pod_container_port_number: String(port.containerPort),
        ...metaLabels("pod_annotation", metadata.annotations),
      },
    })),
  );
}

/** The ports of all containers of all pods: role `pod`. */
export async function podsFound(): Promise<TargetGroup[]> {
  return (await list<Pod>("pods", "--all-namespaces")).flatMap(podTargets);
}

function sliceTargets(service: Service, { endpoints, ports }: EndpointSlice): TargetGroup[] {
  const { name, namespace, labels } = service.metadata;
  return (endpoints ?? []).flatMap(({ addresses, targetRef }) =>
    (ports ?? []).map((port) => ({
      targets: [`${addresses[0]}:${port.port}`],
      labels: {
        __meta_kubernetes_namespace: namespace,
        __meta_kubernetes_service_name: name,
        __meta_kubernetes_pod_name: targetRef?.name ?? "",
        __meta_kubernetes_pod_container_port_number: String(port.port),
        __meta_kubernetes_endpoint_port_name: port.name,
        ...metaLabels("service_label", labels),
      },
    })),
  );
}

/** The endpoints of the Services of a namespace: role `endpoints`. */
export async function endpointsFound(namespace: string): Promise<TargetGroup[]> {
  const [services, slices] = await Promise.all([
    list<Service>("services", "-n", namespace),
    list<EndpointSlice>("endpointslices", "-n", namespace),
  ]);
  return services.flatMap((service) =>
    slices
      .filter(
        ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name,
      )
      .flatMap((slice) => sliceTargets(service, slice)),
  );
}
