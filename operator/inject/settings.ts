/** What the installation, not a policy, decides about the injected container. */
import type { Standards } from "../api/standards/rule.ts";

/** Requests or limits as Kubernetes quantities. */
interface ResourceQuantities {
  cpu: string;
  memory: string;
}

/** Read once at start from the environment that the chart sets. */
export interface InjectSettings {
  /** Image of the sidecar, as a pod names it. */
  image: string;
  imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  resources: { requests: ResourceQuantities; limits: ResourceQuantities };
  /** Those of NAMESPACE_ANNOTATIONS that the pod's namespace has; the webhook adds them per review. */
  namespaceAnnotations?: Readonly<Record<string, string>>;
  /** Standards of the ClusterHealthPolicies that reach the pod's namespace; the webhook adds them per review. */
  standards?: readonly (Standards | undefined)[];
}
