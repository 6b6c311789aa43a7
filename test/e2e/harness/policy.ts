import { STATUS_FOLLOWS } from "../timeouts.ts";
import { apiGetJson } from "./api-get.ts";
import { waitFor, waitUntil } from "./wait-for.ts";

/** A value in force, and the object that it comes from. */
interface Sourced {
  value: string | number;
  source: string;
}

/** `status.effective` of a HealthPolicy. */
export interface Effective {
  timing: Record<string, Sourced>;
  probe: Record<string, Sourced>;
  impact: { name: string; impact: string; source: string }[];
  application: Record<string, Sourced>;
}

/** A HealthPolicy, as far as the tests look. */
export interface PolicyObject {
  metadata: { name: string; namespace: string; generation: number };
  status?: {
    observedGeneration?: number;
    conditions?: { type: string; status: string; reason: string; message: string }[];
    effective?: Effective;
    bounds?: { unreadyWithin: string; readyWithin: string };
    pods?: Record<string, number | string>;
    rollout?: { message: string; stopped?: string[] };
    dependencies?: {
      name: string;
      failingPods: number;
      sharedPods?: number;
      reason: string;
      since: string;
      examples: string[];
    }[];
  };
}

export const getPolicy = (namespace: string, name: string): Promise<PolicyObject> =>
  apiGetJson(`/apis/healthpolicy.dev/v1alpha1/namespaces/${namespace}/healthpolicies/${name}`);

/** The condition of a policy's present generation, or undefined. */
export function condition(policy: PolicyObject, type: string) {
  if (policy.status?.observedGeneration !== policy.metadata.generation) return undefined;
  return policy.status.conditions?.find((entry) => entry.type === type);
}

/** Waits until the status of the policy `web` has these counts of pods. */
export function countsBecome(
  namespace: string,
  counts: Record<string, number | string>,
): Promise<void> {
  const what = `status.pods of ${namespace}/web to be ${JSON.stringify(counts)}`;
  return waitUntil({ what, within: STATUS_FOLLOWS }, async () => {
    const { pods = {} } = (await getPolicy(namespace, "web")).status ?? {};
    return Object.entries(counts).every(([name, value]) => pods[name] === value);
  });
}

/** Waits until the policy's present generation reaches the pods that are created from now on. */
export function policyProgrammed(
  namespace: string,
  name: string,
  within: number = STATUS_FOLLOWS,
): Promise<PolicyObject> {
  return waitFor({ what: `${namespace}/${name} to be Programmed`, within }, async () => {
    const policy = await getPolicy(namespace, name);
    return condition(policy, "Programmed")?.status === "True" ? policy : undefined;
  });
}
