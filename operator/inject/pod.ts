/**
 * A pod as the API server sends it: raw JSON. Only the fields that injection reads are named; all
 * others pass through untouched, whichever version of Kubernetes they come from.
 */

/** JSON object with fields that this program does not know. */
interface Unknown {
  [field: string]: unknown;
}

export interface Probe extends Unknown {
  httpGet?: HttpGet;
}

export interface HttpGet extends Unknown {
  path?: string;
  port?: number | string;
}

export interface Resources extends Unknown {
  requests?: Record<string, string | number>;
  limits?: Record<string, string | number>;
}

export interface SecurityContext extends Unknown {
  runAsUser?: number;
  runAsGroup?: number;
  capabilities?: { drop?: readonly string[] } & Unknown;
  seccompProfile?: { type?: string } & Unknown;
}

export interface EnvironmentVariable extends Unknown {
  name?: string;
  value?: string;
}

export interface VolumeMount extends Unknown {
  name?: string;
  mountPath?: string;
}

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

export interface Volume extends Unknown {
  name?: string;
  emptyDir?: Unknown;
}

export interface PodSpec extends Unknown {
  containers?: readonly Container[];
  initContainers?: readonly Container[];
  volumes?: readonly Volume[];
  hostNetwork?: boolean;
  restartPolicy?: string;
  nodeSelector?: Record<string, string>;
  os?: { name?: string } & Unknown;
  resources?: Resources;
  securityContext?: SecurityContext;
}

export interface PodMetadata extends Unknown {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Pod extends Unknown {
  metadata?: PodMetadata;
  spec?: PodSpec;
}
