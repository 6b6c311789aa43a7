/** Every wait of the end-to-end tests, in milliseconds, each with its reason. */

/** Images are on the node already; scheduling, mounts, initdb and the first check remain. */
export const SCENE_READY = 150_000;
/** Kubelet, API server and the first reports, on top of the bounds of a policy. */
export const KUBERNETES_ALLOWANCE = 5_000;
/** A reason of a dependency that is down, where a few checks before have had another one. */
export const REASON_SETTLES = 20_000;
/** A Service's EndpointSlice following a scale-down or a changed selector. */
export const ENDPOINTS_FOLLOW = 60_000;
/** Time until a fault that was made is seen by a raw connect. */
export const FAULT_VISIBLE = 30_000;
/** How long a raw connect may take; as long as the default connectTimeout of a policy. */
export const RAW_CONNECT = 3_000;
/** A changed policy or Secret reaching a running pod: the kubelet's volume refresh, about 70 s measured. */
export const VOLUME_REFRESH = 120_000;
/** New pods in the policy file: it gets others once a minute at most. */
export const PEERS_DELIVERED = 90_000;
/** An edit or a deletion reaching pods that are nudged: 5 s promised, and as much for a busy node. */
export const NUDGED = 10_000;
/** A proof each minute that the operator's right on pods is bounded, and a busy API server. */
export const NUDGE_PROVEN = 90_000;
/** The operator writing the status of a policy that was applied or changed. */
export const STATUS_FOLLOWS = 30_000;
/** The operator asking a sidecar that has noticed a fault: 30 s at most, on top of the policy's bound and the write. */
export const SIDECARS_ASKED = 90_000;
/** An Event about a pod whose readiness has changed: its sidecar is asked at once, and Events of others go first. */
export const EVENTS_WRITTEN = 30_000;
/** A ConfigMap that was refused: the longest wait of the operator's queue, 60 s, and the status. */
export const CONFIGMAP_TRIED_AGAIN = 90_000;
/** A dependency's Deployment coming back, for kubectl's own --timeout: below KUBECTL. */
export const DEPENDENCY_RETURNS = 25_000;
/** One GET from the plain pod: above the longest wait of /readyz, the default checkTimeout of 4 s. */
export const HTTP_ANSWER = 10_000;
/** A visitor of a web page goes away. Longer than the 3 s that the example's clients wait for a connect. */
export const VISITOR_LEAVES = 10_000;
/** Workers that hang, three failed liveness probes 10 s apart with a queue before them, and a container's end. */
export const APP_RESTARTED = 120_000;
/** A new pod starting, its containers running. */
export const POD_STARTS = 90_000;
/** The first checks of a sidecar that is ready, as long as a pod's start: its node is busy with others' starts. */
export const FIRST_CHECK = POD_STARTS;
/** Three pods replaced one by one: each its start and first check, 10 s of being ready, and a turn of the evictions. */
export const ROLLOUT = 150_000;
/** The last of them stays ready, and the status says what is next. */
export const ROLLOUT_ENDS = 40_000;
/** 20 probes of the kubelet at the default period of 2 s, and as much again for a busy node. */
export const TWENTY_PROBES = 80_000;
/** 17 objects of about a MB each; a busy API server has taken 2 s for one. */
export const OBJECTS_STORED = 90_000;
/** An attack of 10 s on a port of a sidecar or operator, on a busy node. */
export const ATTACK = 60_000;
/** A probe's period and timeout at the defaults, 2 s and 5 s, and the kubelet's report. */
export const ATTACK_SHOWS = 10_000;
/** A pod's creation while no replica of the webhook runs: less than the webhook's own timeout. */
export const WEBHOOK_DOWN_CREATE = 3_000;
/**
 * The least that a pod's creation takes while packets to the webhook get lost: its timeout of 3 s, and no clock's
 * error.
 */
export const WEBHOOK_TIMEOUT = 2_900;
/** The same while every replica hangs: the timeout of 3 s, and what a busy API server takes beside it. */
export const WEBHOOK_HANGS_CREATE = 6_000;
/** A sidecar that hangs: a probe's period of 2 s, its timeout of 5 s, and the kubelet's report. */
export const SIDECAR_HANG_SEEN = 20_000;
/** Three failed liveness probes 10 s apart, the last after 5 s, and the end of a container that does not answer. */
export const SIDECAR_RESTARTED = 120_000;
/** Another replica leading: the 15 s that are promised, and a busy API server that also has to tell of it. */
export const LEASE_TAKEN = 15_000 + KUBERNETES_ALLOWANCE;
/** A replica that vanished leaving the webhook's Service, and API servers' connections to it being given up. */
export const ENDPOINT_GONE = 10_000;
/** How long an address counts that a name server told: 30 s at most, and the EndpointSlice of the name servers. */
export const ADDRESSES_SERVE = 35_000;
/** The kubelet, etcd and API server of nodes that were restarted, then every pod on them. */
export const NODES_RESTARTED = 240_000;
/** A drain of a node with both replicas: two evictions, each with a pod's end and the start of another. */
export const NODE_DRAINED = 120_000;
/** Injection that stops: three pods that wait for the sidecar's image, a minute, and the write of the status. */
export const IMAGE_MISSED = 120_000;
/** A webhook that API servers do not reach, told by a policy: 45 s at most, and the write of the status. */
export const WEBHOOK_UNREACHABLE_SEEN = 60_000;
/** A webhook configuration that was deleted: the next proof misses it, 30 s at most, and it is written again. */
export const WEBHOOK_RESTORED = 60_000;
/** A webhook configuration that was changed: it is written again after a minute, and a busy API server. */
export const WEBHOOK_WRITTEN_AGAIN = 75_000;
/** A step of the certificates that is due: the leader looks once a minute, and a busy API server. */
export const CERTIFICATE_LOOKED_AT = 90_000;
/** A Secret that was written reaching every replica and, as caBundle, API servers: watches of a second at most. */
export const CERTIFICATE_SERVED = 3_000;
/** How long no API server runs. */
export const API_SERVER_AWAY = 60_000;
/** The beginning of that, in which nothing else happens and sidecars stay ready. */
export const STAYS_READY = 10_000;
/** Two probes of the kubelet at the default period of 2 s. */
export const TWO_PROBES = 4_000;
/** The operator after the API server was restarted: the longest wait of a watch, 30 s, and the Lease of 12 s. */
export const OPERATOR_RECOVERS = 120_000;
/** Kubernetes' own controllers after the API server was restarted: the kubelet's back-off, then a Lease of 15 s. */
export const CONTROLLERS_RETURN = 120_000;
/** The next minute of a CronJob, its controller, the pod, and the status. */
export const CRON_JOB_RUNS = 120_000;
/** A rollout of the operator itself. */
export const OPERATOR_ROLLOUT = 120_000;
/** The kubelet starting an API server from a new or changed manifest, and it answering. */
export const API_SERVER_START = 180_000;
/** One question whether an API server answers at all. */
export const API_SERVER_ANSWERS = 3_000;
/** A namespace of an earlier run going, pods and all. */
export const NAMESPACE_GONE = 150_000;
/** One kubectl call, where it does not wait for something itself. */
export const KUBECTL = 30_000;
/** helm install, upgrade and uninstall with --wait. */
export const HELM = 180_000;
/** Prometheus opening an empty database. */
export const PROMETHEUS_STARTS = 30_000;
/** Figures of a new pod: its start, its first checks, two scrapes, and the leader counting standards. */
export const DASHBOARD_HAS_DATA = 90_000;
/** The first steps of an image, on a base that is here already. */
export const IMAGE_BUILD = 120_000;
/** Between two looks at the cluster. */
export const POLL = 500;
/** Replicas render their metrics once a second for all who ask; what is read after that is of now. */
export const METRICS_ARE_OF_NOW = 1_500;
/** The webhook's absence is watched for this long after an uninstall. */
export const STAYS_ABSENT = 60_000;
/** One whole test file's budget; a hung cluster ends the test and not the run. */
export const WHOLE_TEST = 600_000;
