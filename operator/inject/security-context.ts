/** The injected container's security context. */
import { SIDECAR_CONTAINER } from "../api/names.ts";
import { EXEMPT_CONTAINERS } from "../api/standards/exempt-containers.ts";
import { otherContainers } from "./other-containers.ts";
import type { Pod, SecurityContext } from "./pod.ts";

/** The user and group of the sidecar's image. */
const IMAGE_USER = 65_532;
/** What a file's mode has where neither its owner nor its group alone may read it. */
const READABLE_BY_OTHERS = 0o004;

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

/**
 * By which OpenShift's admission names the SecurityContextConstraints that a pod has passed; it runs before webhooks
 * are called, and once more after they have changed the pod.
 */
const PASSED_CONSTRAINTS_ANNOTATION = "openshift.io/scc";

/**
 * Whether our container states a seccomp profile. On OpenShift only where the app shows that it may: its older
 * constraints, as anyuid and nonroot, refuse every profile that is stated, and others may refuse all but Unconfined.
 * Admission then takes other constraints, under which the app runs as another user, or refuses the pod. Where
 * constraints allow some profiles and not all, admission has given the pod one. So a container that states any in a pod
 * without shows that all are allowed, and one that states the runtime's in an unconfined pod shows that this one is.
 */
function needsProfile(pod: Pod): boolean {
  if (pod.metadata?.annotations?.[PASSED_CONSTRAINTS_ANNOTATION] === undefined) return true;
  const profileOfPod = pod.spec?.securityContext?.seccompProfile;
  if (profileOfPod && profileOfPod.type !== "Unconfined") return false;
  return otherContainers(pod).some(({ securityContext: { seccompProfile: own } = {} }) =>
    profileOfPod ? own?.type === "RuntimeDefault" : own,
  );
}

/**
 * A profile that others have stated stays where Pod Security's restricted level allows it: a Localhost one may come
 * from an operator that hands out profiles.
 */
function seccompProfile(pod: Pod, standing: SecurityContext["seccompProfile"]): SecurityContext {
  if (standing?.type === "Localhost") return { seccompProfile: standing };
  const isStated = standing?.type === "RuntimeDefault" || needsProfile(pod);
  return isStated ? { seccompProfile: { type: "RuntimeDefault" } } : {};
}

/** Named a container's AppArmor profile before there was a field. API servers refuse a pod in which both differ. */
const APPARMOR_ANNOTATION = `container.apparmor.security.beta.kubernetes.io/${SIDECAR_CONTAINER}`;

/**
 * A profile of the node that the pod states is made for the app. A container that states none, as ours, has the pod's,
 * and may not start under it; then the app does not start either. Where the pod states another or none, so do we: its
 * node may be one without AppArmor, which refuses a pod that names the runtime's.
 */
function appArmorProfile({ metadata, spec }: Pod, kept: SecurityContext): SecurityContext {
  if (spec?.securityContext?.appArmorProfile?.type !== "Localhost") return {};
  if (kept.appArmorProfile || metadata?.annotations?.[APPARMOR_ANNOTATION] !== undefined) return {};
  return { appArmorProfile: { type: "RuntimeDefault" } };
}

/** Everything is dropped. What else somebody lists as dropped stays, because admission may ask for it. */
function capabilities(standing: SecurityContext["capabilities"]): { drop: string[] } {
  return { drop: [...new Set([...(standing?.drop ?? []), "ALL"])] };
}

/** Whether the containers see each other's processes, as some of the node or as those of one namespace. */
function sharesProcesses({ spec }: Pod): boolean {
  return Boolean(spec?.shareProcessNamespace || spec?.hostPID);
}

/**
 * Whether a projected volume of the pod has what its containers could not use if it were root's with the volume's mode:
 * what that hides from others, or a private key, which libpq refuses where all may read it. With an fsGroup the kubelet
 * lets that group read them.
 */
function needsOneUser({ spec }: Pod): boolean {
  if (spec?.securityContext?.fsGroup !== undefined) return false;
  return (spec?.volumes ?? []).some(({ projected }) => {
    const { defaultMode, sources } = projected ?? {};
    const isHidden = defaultMode !== undefined && (defaultMode & READABLE_BY_OTHERS) === 0;
    const isOfOneUser = (source: object) =>
      "podCertificate" in source ||
      (isHidden && ("serviceAccountToken" in source || "clusterTrustBundle" in source));
    // API servers send null where the list is empty.
    return (sources ?? []).some(isOfOneUser);
  });
}

/**
 * The user that all other containers state, if it is one. The kubelet gives the tokens, certificates and trust bundles
 * that it projects to the pod's user alone, but only as long as every container runs as him (`FsUserFrom`); else they
 * are root's, with the volume's mode. Where a container has the pod's user, ours has it too, without stating it. Never
 * root; and not where he could end our processes while the app can do without what is his alone.
 */
function userOfAll(pod: Pod): SecurityContext {
  const users = otherContainers(pod).map(({ securityContext }) => securityContext?.runAsUser);
  const [runAsUser, ...more] = new Set(users);
  if (more.length > 0 || !runAsUser) return {};
  return sharesProcesses(pod) && !needsOneUser(pod) ? {} : { runAsUser };
}

/**
 * User and group of the app's first container where the pod states none and each of its containers does: policy engines
 * that ask for them in the pod or in every container refuse it for the sidecar alone. Not those of a mesh's proxy: what
 * redirects connections to it leaves its own alone. Not root's; and not where the containers see each other's
 * processes, which another user may not end.
 */
function userOfApp(pod: Pod): SecurityContext {
  const { securityContext: ofPod = {}, containers } = pod.spec ?? {};
  const app = containers?.find(({ name }) => !EXEMPT_CONTAINERS.includes(String(name)));
  if (sharesProcesses(pod) || app?.securityContext?.runAsUser === 0) return {};
  const others = otherContainers(pod).map(({ securityContext = {} }) => securityContext);
  const stated = (field: "runAsUser" | "runAsGroup") => {
    const isStated = ofPod[field] === undefined && others.every((own) => own[field] !== undefined);
    const value = isStated ? app?.securityContext?.[field] : undefined;
    return value === undefined ? {} : { [field]: value };
  };
  return { ...stated("runAsUser"), ...stated("runAsGroup") };
}

/**
 * Sets the image's user only where the sidecar would run as root, which the kubelet refuses under
 * runAsNonRoot. Elsewhere no user is set: OpenShift refuses one outside its namespace's range.
 */
function insteadOfRoot({ spec }: Pod, given: SecurityContext): SecurityContext {
  if ((given.runAsUser ?? spec?.securityContext?.runAsUser) !== 0) return {};
  return { runAsUser: IMAGE_USER, runAsGroup: IMAGE_USER };
}

/**
 * `standing`, the context that the sidecar has in `pod` already, tightened so that with the pod's own it meets the
 * restricted Pod Security Standard wherever the app's containers do: a sidecar must never be why a namespace refuses a
 * pod. Fields that restrict nothing, such as SELinux labels, stay.
 */
export function securityContext(pod: Pod, standing: SecurityContext = {}): SecurityContext {
  const { seccompProfile: profile, ...others } = standing;
  const kept: SecurityContext = Object.fromEntries(
    Object.entries(others).filter(([field, value]) => !isLoose(field, value)),
  );
  const given = { ...userOfApp(pod), ...userOfAll(pod), ...kept };
  return {
    ...given,
    ...insteadOfRoot(pod, given),
    allowPrivilegeEscalation: false,
    capabilities: capabilities(standing.capabilities),
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...seccompProfile(pod, profile),
    ...appArmorProfile(pod, kept),
  };
}
