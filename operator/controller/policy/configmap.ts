/** The ConfigMap that carries a policy to its pods. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import {
  API_VERSION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  POLICY_FILE,
  policyConfigMapName,
} from "../../api/names.ts";
import {
  type FleetConfig,
  POLICY_FILE_FORMAT,
  type WrittenPolicyFile,
} from "../../api/policy-file.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import type { CircularAddresses } from "./circular-pods.ts";

/** A ConfigMap as it is applied. */
export interface PolicyConfigMap {
  apiVersion: "v1";
  kind: "ConfigMap";
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    ownerReferences: OwnerReference[];
  };
  data: Record<string, string>;
}

/** A policy as it is delivered to its pods. */
export type DeliveredPolicy = EffectivePolicy & {
  /** Whom sidecars ask before they turn a pod unready; absent: nobody. */
  fleet?: FleetConfig | undefined;
  /** Its pods that are not to wait for one of its dependencies, because they are what that waits for. */
  circularAddresses?: CircularAddresses | undefined;
};

/** What sidecars read, with every default filled in. */
function policyFile({
  name,
  generation,
  mode,
  timing,
  dependencies,
  fleet,
  circularAddresses,
}: DeliveredPolicy): WrittenPolicyFile {
  return {
    formatVersion: POLICY_FILE_FORMAT,
    policy: name,
    generation,
    mode,
    timing,
    dependencies: dependencies.map((dependency) => {
      const addresses = circularAddresses?.get(dependency.name);
      return { ...dependency, ...(addresses && { circularPods: addresses }) };
    }),
    ...(fleet && { fleet }),
  };
}

/**
 * The whole ConfigMap of a policy. The policy owns it, so that deleting the policy deletes it and no
 * finalizer is needed. Without blockOwnerDeletion, which takes a right on finalizers in some clusters.
 */
export function policyConfigMap(policy: DeliveredPolicy): PolicyConfigMap {
  const { namespace, name, uid } = policy;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: policyConfigMapName(name),
      namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: "HealthPolicy", name, uid, controller: true },
      ],
    },
    data: { [POLICY_FILE]: JSON.stringify(policyFile(policy)) },
  };
}
