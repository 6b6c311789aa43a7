/**
 * Every name that more than one program, file or person has to agree on: API group, annotations of pods,
 * the container and its volumes, paths, ports. Nothing here is computed from a cluster.
 */

/** API group of everything that this product defines. */
export const GROUP = "healthpolicy.dev";
/** The one served version. */
export const VERSION = "v1alpha1";
/** `apiVersion` of a HealthPolicy. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** Plural of HealthPolicy, as it stands in URLs and RBAC rules. */
export const HEALTH_POLICIES = "healthpolicies";
/** Plural of ClusterHealthPolicy, likewise. */
export const CLUSTER_HEALTH_POLICIES = "clusterhealthpolicies";

/** Label on a pod or a namespace; the value "false" opts it out of injection. */
export const INJECT_LABEL = `${GROUP}/inject`;
/** Label that the API server itself gives every namespace; its value is the name. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";
/** Annotation on an injected pod: the name of the HealthPolicy it was bound to when it was created. */
export const POLICY_ANNOTATION = `${GROUP}/policy`;
/** Annotation on an injected pod: hash of what the policy asked for in the pod, image left out. */
export const REVISION_ANNOTATION = `${GROUP}/revision`;
/** Annotation on a pod: which times of its containers' own probes were raised, from what to what. */
export const PROBES_RAISED_ANNOTATION = `${GROUP}/probes-raised`;
/** Annotation on a pod: which probes were to be raised and were not, because a mesh has rewritten them. */
export const PROBES_LEFT_ALONE_ANNOTATION = `${GROUP}/probes-left-alone`;

/**
 * Annotation on a pod that the operator may touch where the chart's `nudge.enabled` lets it: version of the policy's
 * ConfigMap that the kubelet is to fetch, or NUDGE_DELETED. A pod that changes has its volumes looked at at once.
 */
export const NUDGE_ANNOTATION = `${GROUP}/nudge`;
/** Its value when the ConfigMap is gone. */
export const NUDGE_DELETED = "deleted";
/** Under which name it owns that annotation; the chart's admission policy lets it change no other owner's fields. */
export const NUDGE_FIELD_MANAGER = "healthpolicy-nudge";

/** Label that tells the objects this operator writes. */
export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
/** What that label says on them. */
export const MANAGED_BY = "healthpolicy-operator";

/** Name of the injected container. */
export const SIDECAR_CONTAINER = "healthpolicy-sidecar";
/** Projected volume: the policy's ConfigMap and the Secret keys that it names. */
export const CONFIG_VOLUME = "healthpolicy-config";
/** emptyDir with the marks that a restart of the sidecar alone must keep. */
export const STATE_VOLUME = "healthpolicy-state";
/**
 * emptyDir over the ServiceAccount token's path in pods that get a token: without a mount there, the ServiceAccount
 * admission plugin, which runs again after a webhook has changed the pod, gives our container the app's.
 */
export const NO_TOKEN_VOLUME = "healthpolicy-no-token";
/** Where every container of a pod finds the token of its ServiceAccount. */
export const SERVICE_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where the sidecar finds CONFIG_VOLUME. */
export const CONFIG_PATH = "/etc/healthpolicy";
/** Where the sidecar finds STATE_VOLUME. */
export const STATE_PATH = "/var/lib/healthpolicy";
/** Key of the policy in its ConfigMap and its file name under CONFIG_PATH. */
export const POLICY_FILE = "policy.json";
/** Folder under CONFIG_PATH that holds one folder per Secret, with one file per key. */
const SECRETS_FOLDER = "secrets";

/**
 * Where the sidecar listens, unless a container of the pod declares that port: then the next free one.
 * Outside the range from which Linux draws source ports (32768 to 60999), so that a connection of the
 * app cannot occupy it. A pod's sysctl may set the range over it: docs/platforms.md says what to do then.
 */
export const SIDECAR_PORT = 19847;
/** How many ports after SIDECAR_PORT are tried before a pod is skipped. */
export const SIDECAR_PORT_TRIES = 64;
/** The last of the ports on which a sidecar may listen. */
export const LAST_SIDECAR_PORT = SIDECAR_PORT + SIDECAR_PORT_TRIES - 1;

/** Whether a sidecar may listen on that port: no other port of a pod is asked, whoever names it. */
export function isSidecarPort(port: number): boolean {
  return Number.isInteger(port) && port >= SIDECAR_PORT && port <= LAST_SIDECAR_PORT;
}

/** Where the sidecar answers the readiness probe: 200, or 503 and a line for each dependency that gates. */
export const READY_PATH = "/readyz";
/** Where it answers liveness probes: 200 while the program runs. */
export const LIVE_PATH = "/livez";
/** Where it says all that it knows, as JSON. */
export const STATUS_PATH = "/status";
/** Where Prometheus reads its metrics. */
export const METRICS_PATH = "/metrics";

/** Where the operator's https server takes AdmissionReviews; the webhook configuration names it. */
export const ADMISSION_PATH = "/mutate";
/**
 * Where that server tells which generation of a policy this replica injects, as
 * `<path>/<namespace>/<name>`; the leader asks it of every replica.
 */
export const POLICIES_PATH = "/policies";

/**
 * The ConfigMap, in the operator's own namespace, whose dry run proves that API servers reach the webhook.
 * It is never stored.
 */
export const WEBHOOK_PROOF_CONFIG_MAP = "healthpolicy-webhook-proof";
/** Label of that ConfigMap; only objects with it are sent to PROOF_PATH. */
export const WEBHOOK_PROOF_LABEL = `${GROUP}/webhook-proof`;
/** Annotation of that ConfigMap: a number used once, so that no stored answer passes for a new one. */
export const CHALLENGE_ANNOTATION = `${GROUP}/challenge`;
/** Annotation that the webhook adds to it: the pod that answers and the challenge, with a space between. */
export const ANSWERED_BY_ANNOTATION = `${GROUP}/answered-by`;
/** Where the operator's https server takes the reviews of that ConfigMap. */
export const PROOF_PATH = "/prove";

/** Environment of the sidecar: the port to listen on. */
export const PORT_ENV = "HEALTHPOLICY_PORT";
/** Environment of the sidecar: the `secret/key` pairs that its volume mounts, separated by commas. */
export const MOUNTED_KEYS_ENV = "HEALTHPOLICY_MOUNTED_KEYS";

/** Namespaces that no policy ever reaches; the operator's own comes on top. */
const NEVER_INJECTED_NAMESPACES: readonly string[] = ["kube-system", "kube-node-lease"];

/** Every namespace that no policy ever reaches, sorted; `ownNamespace` is the operator's. */
export function excludedNamespaces(ownNamespace: string): string[] {
  return [...new Set([...NEVER_INJECTED_NAMESPACES, ownNamespace])].sort();
}

/** Whether no policy ever reaches the namespace. */
export function isExcludedNamespace(namespace: string, ownNamespace: string): boolean {
  return namespace === ownNamespace || NEVER_INJECTED_NAMESPACES.includes(namespace);
}

/** Prefix of the ConfigMaps that carry policies to pods. */
const POLICY_CONFIG_MAP_PREFIX = "healthpolicy-policy-";
/** The longest name a HealthPolicy or ClusterHealthPolicy may have, so that it also fits a label value. */
export const POLICY_NAME_MAX_LENGTH = 63;

/** Name of the ConfigMap that carries the policy `policyName` to the pods of its namespace. */
export function policyConfigMapName(policyName: string): string {
  return `${POLICY_CONFIG_MAP_PREFIX}${policyName}`;
}

/** Path of a Secret key below CONFIG_PATH, in the projected volume and for the sidecar that reads it. */
export function secretKeyPath(secretName: string, key: string): string {
  return `${SECRETS_FOLDER}/${secretName}/${key}`;
}
