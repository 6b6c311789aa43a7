/** Where the API server has a ClusterRole; the chart's tells the release, and owns what the operator makes. */

/** `apiVersion` of a ClusterRole. */
export const RBAC_API_VERSION = "rbac.authorization.k8s.io/v1";

/** The path of this ClusterRole. */
export function clusterRolePath(name: string): string {
  return `/apis/${RBAC_API_VERSION}/clusterroles/${name}`;
}
