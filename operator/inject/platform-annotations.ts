/**
 * Annotations by which meshes and credential webhooks are told to leave our port or our container alone.
 * Each is set only in pods that show that the product is used, and only extended, so that what somebody
 * else wrote there stays in force. Keys, separators and meanings are those of each product's source.
 */
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { Pod } from "./pod.ts";

type Annotations = Readonly<Record<string, string>>;

const LINKERD_INJECT = "linkerd.io/inject";
const LINKERD_SKIP_INBOUND_PORTS = "config.linkerd.io/skip-inbound-ports";
/** Values with which Linkerd adds its proxy. */
const LINKERD_INJECTS: readonly string[] = ["enabled", "ingress"];
/**
 * What Linkerd skips where nobody states a list: the ports of Galera (`proxyInit.ignoreInboundPorts` of its chart), and
 * those of its own proxy. Its CNI plugin forgot the latter in a pod with a list until May 2025: tap and the proxy's
 * metrics were gone then.
 */
const LINKERD_DEFAULT_PORTS = "4190,4191,4567,4568";

const EKS_PREFIX = "eks.amazonaws.com/";
const EKS_SKIP_CONTAINERS = `${EKS_PREFIX}skip-containers`;
/** Volumes of tokens that the webhook of EKS adds, for roles of service accounts and for pod identities. */
const EKS_VOLUMES: ReadonlySet<string> = new Set(["aws-iam-token", "eks-pod-identity-token"]);

const AZURE_USE_LABEL = "azure.workload.identity/use";
const AZURE_SKIP_CONTAINERS = "azure.workload.identity/skip-containers";

/** What of a namespace's annotations decides about its pods. */
export const NAMESPACE_ANNOTATIONS: readonly string[] = [
  LINKERD_INJECT,
  LINKERD_SKIP_INBOUND_PORTS,
];

/** The longest list that is read, in characters: an annotation of 250 KB took 60 ms to take apart. */
export const MAX_LIST_LENGTH = 1_024;

/**
 * Entries of a list in an annotation; empty ones and the space around them mean nothing. Undefined where it is too long
 * to be anybody's: it is left as it is.
 */
function entries(list: string | undefined, separator: string): string[] | undefined {
  if (list === undefined) return [];
  if (list.length > MAX_LIST_LENGTH) return undefined;
  return list
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

const PORT_RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** Whether an entry such as `8080` or `8000-9000` has this port in it. */
function covers(entry: string, port: number): boolean {
  const [, first, last = first] = PORT_RANGE.exec(entry) ?? [];
  return Number(first) <= port && port <= Number(last);
}

/**
 * Linkerd's proxy then never sees the kubelet's probes, which its policies may refuse. A pod that states
 * the list itself no longer takes it from its namespace, nor from the installation: there ours starts from the
 * namespace's, or else from Linkerd's default.
 */
function linkerd(pod: Pod, namespace: Annotations, port: number): Annotations {
  const own = pod.metadata?.annotations ?? {};
  const inject = own[LINKERD_INJECT] ?? namespace[LINKERD_INJECT] ?? "";
  if (!LINKERD_INJECTS.includes(inject)) return {};
  const stated = own[LINKERD_SKIP_INBOUND_PORTS] ?? namespace[LINKERD_SKIP_INBOUND_PORTS];
  const ports = entries(stated ?? LINKERD_DEFAULT_PORTS, ",");
  if (ports === undefined || ports.some((entry) => covers(entry, port))) return {};
  return { [LINKERD_SKIP_INBOUND_PORTS]: [...ports, String(port)].join(",") };
}

/** The list under `key` with our container in it; nothing when it is there already. */
function withContainer(pod: Pod, key: string, separator: string): Annotations {
  const containers = entries(pod.metadata?.annotations?.[key], separator);
  if (containers === undefined || containers.includes(SIDECAR_CONTAINER)) return {};
  return { [key]: [...containers, SIDECAR_CONTAINER].join(separator) };
}

/**
 * EKS names the role on the ServiceAccount, which a webhook for pods does not see; so the pod's own
 * annotations or EKS's volumes decide.
 */
function eks(pod: Pod): Annotations {
  const isUsed =
    Object.keys(pod.metadata?.annotations ?? {}).some((key) => key.startsWith(EKS_PREFIX)) ||
    (pod.spec?.volumes ?? []).some(({ name }) => EKS_VOLUMES.has(name ?? ""));
  return isUsed ? withContainer(pod, EKS_SKIP_CONTAINERS, ",") : {};
}

function azure(pod: Pod): Annotations {
  if (pod.metadata?.labels?.[AZURE_USE_LABEL] !== "true") return {};
  return withContainer(pod, AZURE_SKIP_CONTAINERS, ";");
}

/**
 * The annotations that `pod` needs beyond its own, for a sidecar on `port`, in a namespace with the
 * annotations `namespace`.
 */
export function platformAnnotations(pod: Pod, namespace: Annotations, port: number): Annotations {
  return { ...linkerd(pod, namespace, port), ...eks(pod), ...azure(pod) };
}
