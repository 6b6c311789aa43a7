/** What of a pod the standards look at, as the API server gives it; all other fields are left out of the types. */

/** A probe: how it asks, and its times in seconds. */
export interface StandardsProbe {
  httpGet?: {
    path?: string;
    port?: number | string;
    host?: string;
    scheme?: string;
    httpHeaders?: readonly { name?: string; value?: string }[];
  };
  exec?: { command?: readonly string[] };
  tcpSocket?: { port?: number | string; host?: string };
  grpc?: { port?: number; service?: string | null };
  timeoutSeconds?: number;
  periodSeconds?: number;
  initialDelaySeconds?: number;
}

/** A container with its probes. */
export interface ContainerProbes {
  name?: string;
  readinessProbe?: StandardsProbe;
  livenessProbe?: StandardsProbe;
  startupProbe?: StandardsProbe;
}

/**
 * The `spec` of a pod or of a pod template. Init containers have no field here: those that run to completion
 * have no probes, and native sidecars, the one that we inject among them, are not written by the app's owner.
 */
export interface PodProbes {
  containers?: readonly ContainerProbes[];
  restartPolicy?: string;
}

/** The two probes that standards are about; a startupProbe ends, so its times hold nobody up for long. */
export type JudgedProbe = "readinessProbe" | "livenessProbe";

/** Times of a probe that standards bound. */
export type ProbeTime = "timeoutSeconds" | "periodSeconds" | "initialDelaySeconds";

/** What the API server fills in, in seconds (Kubernetes API, v1.Probe). */
export const PROBE_TIME_DEFAULTS: Readonly<Record<ProbeTime, number>> = {
  timeoutSeconds: 1,
  periodSeconds: 10,
  initialDelaySeconds: 0,
};

/** A time of a probe in seconds. Zero means unset, as it does to the API server. */
export function probeTime(probe: StandardsProbe, field: ProbeTime): number {
  return probe[field] || PROBE_TIME_DEFAULTS[field];
}

/**
 * Whether a pod ends by itself, as those of Jobs and CronJobs do, whose restartPolicy may not be Always.
 * Nothing sends such a pod requests or waits for it to be ready, so nobody gives it a readinessProbe.
 */
export function runsToCompletion({ restartPolicy = "Always" }: PodProbes): boolean {
  return restartPolicy !== "Always";
}
