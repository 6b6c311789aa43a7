/**
 * A pod as the API server sends it: raw JSON. Only the fields that injection reads are named; all
 * others pass through untouched, whichever version of Kubernetes they come from.
 */

/** JSON object with fields that this program does not know. */
interface Unknown {
  [field: string]: unknown;
}

/** A probe of a container. */
export interface Probe extends Unknown {
  httpGet?: HttpGet;
  exec?: Unknown;
}

/** What a probe over HTTP asks for. */
export interface HttpGet extends Unknown {
  path?: string;
  port?: number | string;
}

/** Amounts as Kubernetes writes them, each under the name of what it is of. */
export type Quantities = Record<string, string | number>;

/** What a container, or a pod as a whole, asks for and may use at most. */
export interface Resources extends Unknown {
  requests?: Quantities;
  limits?: Quantities;
}

/** Of a container or of a pod. */
export interface SecurityContext extends Unknown {
  runAsUser?: number;
  runAsGroup?: number;
  capabilities?: { drop?: readonly string[] } & Unknown;
  seccompProfile?: { type?: string } & Unknown;
  appArmorProfile?: ({ type?: string } & Unknown) | null;
  windowsOptions?: Unknown;
}

/** One variable of a container. */
export interface EnvironmentVariable extends Unknown {
  name?: string;
  value?: string;
}

/** Where a container sees a volume. */
export interface VolumeMount extends Unknown {
  name?: string;
  mountPath?: string;
}

/** A container or an init container. */
export interface Container extends Unknown {
  name?: string;
  image?: string;
  ports?: ({ containerPort?: number; name?: string } & Unknown)[];
  env?: readonly EnvironmentVariable[];
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
  resources?: Resources;
  securityContext?: SecurityContext;
  volumeMounts?: readonly VolumeMount[];
}

/** A volume of a pod. */
export interface Volume extends Unknown {
  name?: string;
  emptyDir?: Unknown;
  projected?: { defaultMode?: number; sources?: readonly Unknown[] | null } & Unknown;
}

/** What a label of a node has to be. */
export interface NodeRequirement extends Unknown {
  key?: string;
  operator?: string;
  values?: readonly string[];
}

/** Nodes that a pod may run on: those that meet one of the terms, which is to meet all that the term requires. */
interface NodeSelector extends Unknown {
  nodeSelectorTerms?: readonly ({ matchExpressions?: readonly NodeRequirement[] } & Unknown)[];
}

/** What the pod is made of. */
export interface PodSpec extends Unknown {
  containers?: readonly Container[];
  initContainers?: readonly Container[];
  volumes?: readonly Volume[];
  hostNetwork?: boolean;
  runtimeClassName?: string;
  automountServiceAccountToken?: boolean;
  restartPolicy?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector } & Unknown;
  } & Unknown;
  os?: { name?: string } & Unknown;
  resources?: Resources;
  securityContext?: SecurityContext;
}

/** What the pod is called and labelled. */
export interface PodMetadata extends Unknown {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A pod in an AdmissionReview. */
export interface Pod extends Unknown {
  metadata?: PodMetadata;
  spec?: PodSpec;
}
