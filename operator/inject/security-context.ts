/** The injected container's security context. */
import type { Pod, SecurityContext } from "./pod.ts";

/** The user and group of the sidecar's image. */
const IMAGE_USER = 65_532;

/**
 * Linux profiles that loosen what the container runtime confines by default. Pod Security refuses them in
 * our container as in any other.
 */
function isLoose(field: string, value: unknown): boolean {
  if (field === "privileged") return value === true;
  if (field === "procMount") return value !== "Default";
  if (field === "appArmorProfile")
    return (value as { type?: unknown } | null)?.type === "Unconfined";
  return false;
}

/** A Localhost profile, by an operator of such profiles, stays; Pod Security's restricted level allows it. */
function seccompProfile(standing: SecurityContext["seccompProfile"]): { type?: string } {
  return standing?.type === "Localhost" ? standing : { type: "RuntimeDefault" };
}

/** Everything is dropped. What else somebody lists as dropped stays, because admission may ask for it. */
function capabilities(standing: SecurityContext["capabilities"]): { drop: string[] } {
  return { drop: [...new Set([...(standing?.drop ?? []), "ALL"])] };
}

/**
 * Sets the image's user only where the sidecar would run as root, which the kubelet refuses under
 * runAsNonRoot. Elsewhere no user is set: OpenShift refuses one outside its namespace's range.
 */
function user({ spec }: Pod, standing: SecurityContext): SecurityContext {
  if ((standing.runAsUser ?? spec?.securityContext?.runAsUser) !== 0) return {};
  return { runAsUser: IMAGE_USER, runAsGroup: IMAGE_USER };
}

/**
 * `standing`, the context that the sidecar has in `pod` already, tightened so that it meets the restricted
 * Pod Security Standard by itself, whatever the pod's own context says: a sidecar must never be why a
 * namespace refuses a pod. Fields that restrict nothing, such as SELinux labels, stay.
 */
export function securityContext(pod: Pod, standing: SecurityContext = {}): SecurityContext {
  const kept = Object.entries(standing).filter(([field, value]) => !isLoose(field, value));
  return {
    ...Object.fromEntries(kept),
    ...user(pod, standing),
    allowPrivilegeEscalation: false,
    capabilities: capabilities(standing.capabilities),
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: seccompProfile(standing.seccompProfile),
  };
}
