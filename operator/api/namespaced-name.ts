/** Which object of a namespace is meant. */

/** Kubernetes' own word for this pair; most often it names a policy. */
export interface NamespacedName {
  namespace: string;
  name: string;
}
