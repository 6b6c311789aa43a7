/** The operator's environment as typed values. Pure. */
import { MAX_PORT } from "../api/limits.ts";
import type { InjectSettings } from "../inject/settings.ts";

/** Read once at start; the chart sets it. */
export interface OperatorSettings {
  podName: string;
  namespace: string;
  logLevel: string;
  webhookPort: number;
  managementPort: number;
  webhookService: string;
  webhookTimeoutSeconds: number;
  /** Pods that are evicted in a minute at most, over the cluster; 0: none. */
  evictionsPerMinute: number;
  certificateSecret: string;
  /** Where a certificate is mounted that is not the operator's to make; undefined: it makes its own. */
  certificateFolder: string | undefined;
  /** Who writes the webhook configuration. */
  webhookConfigurationOwner: "operator" | "chart";
  clusterRole: string;
  leaseName: string;
  /** Whether pods may be touched, so that kubelets fetch a changed ConfigMap at once. */
  nudge: boolean;
  inject: InjectSettings;
}

interface Variable {
  name: string;
  text: string;
  /** Unset: the variable must be given. */
  fallback?: string;
}

/** Every variable, in the order of the help text. */
const VARIABLES = [
  { name: "POD_NAME", text: "this replica's pod" },
  { name: "POD_NAMESPACE", text: "the operator's namespace" },
  { name: "LOG_LEVEL", text: "trace, debug, info, warn or error", fallback: "info" },
  { name: "WEBHOOK_PORT", text: "port of the admission webhook", fallback: "9443" },
  { name: "MANAGEMENT_PORT", text: "port of health and metrics", fallback: "8080" },
  { name: "WEBHOOK_SERVICE", text: "Service before the webhook" },
  { name: "WEBHOOK_TIMEOUT_SECONDS", text: "how long API servers wait, 1 to 5", fallback: "3" },
  { name: "CERTIFICATE_SECRET", text: "Secret of the webhook's certificate" },
  {
    name: "CERTIFICATE_FOLDER",
    text: "where that Secret is mounted, if another fills it",
    fallback: "",
  },
  {
    name: "WEBHOOK_CONFIGURATION_OWNER",
    text: "who writes the webhook configuration: operator or chart",
    fallback: "operator",
  },
  { name: "CLUSTER_ROLE", text: "ClusterRole that owns the webhook configuration" },
  { name: "LEASE_NAME", text: "Lease of the leader", fallback: "healthpolicy-operator" },
  { name: "EVICTIONS_PER_MINUTE", text: "pods evicted for rollouts, 0 to 600", fallback: "0" },
  { name: "NUDGE", text: "touch pods whose policy changed: true or false", fallback: "false" },
  { name: "SIDECAR_IMAGE", text: "image of the injected container" },
  {
    name: "SIDECAR_IMAGE_PULL_POLICY",
    text: "Always, IfNotPresent or Never",
    fallback: "IfNotPresent",
  },
  { name: "SIDECAR_REQUESTS_CPU", text: "its CPU request", fallback: "5m" },
  { name: "SIDECAR_REQUESTS_MEMORY", text: "its memory request", fallback: "32Mi" },
  { name: "SIDECAR_LIMITS_CPU", text: "its CPU limit", fallback: "100m" },
  { name: "SIDECAR_LIMITS_MEMORY", text: "its memory limit", fallback: "64Mi" },
] as const satisfies Variable[];

type Name = (typeof VARIABLES)[number]["name"];

/** What `--help` prints about the environment, one line per variable. */
export function environmentHelp(): string {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length));
  return VARIABLES.map((variable) => {
    const fallback = "fallback" in variable ? ` (${variable.fallback || "none"})` : " (required)";
    return `  ${variable.name.padEnd(width)}  ${variable.text}${fallback}`;
  }).join("\n");
}

function value(env: NodeJS.ProcessEnv, name: Name): string {
  const variable: Variable | undefined = VARIABLES.find((candidate) => candidate.name === name);
  const text = env[name] || variable?.fallback;
  if (text === undefined) throw new Error(`environment variable ${name} is not set`);
  return text;
}

function wholeNumber(env: NodeJS.ProcessEnv, name: Name, range: [number, number]): number {
  const number = Number(value(env, name));
  const [least, most] = range;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`environment variable ${name} must be a whole number from ${least} to ${most}`);
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: Name, allowed: readonly T[]): T {
  const text = value(env, name);
  const found = allowed.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw new Error(`environment variable ${name} must be one of ${allowed.join(", ")}`);
}

/** Reads all of it; throws an Error that names the first variable that is missing or wrong. */
export function readSettings(env: NodeJS.ProcessEnv): OperatorSettings {
  return {
    podName: value(env, "POD_NAME"),
    namespace: value(env, "POD_NAMESPACE"),
    logLevel: oneOf(env, "LOG_LEVEL", ["trace", "debug", "info", "warn", "error"]),
    webhookPort: wholeNumber(env, "WEBHOOK_PORT", [1, MAX_PORT]),
    managementPort: wholeNumber(env, "MANAGEMENT_PORT", [1, MAX_PORT]),
    webhookService: value(env, "WEBHOOK_SERVICE"),
    webhookTimeoutSeconds: wholeNumber(env, "WEBHOOK_TIMEOUT_SECONDS", [1, 5]),
    evictionsPerMinute: wholeNumber(env, "EVICTIONS_PER_MINUTE", [0, 600]),
    certificateSecret: value(env, "CERTIFICATE_SECRET"),
    certificateFolder: value(env, "CERTIFICATE_FOLDER") || undefined,
    webhookConfigurationOwner: oneOf(env, "WEBHOOK_CONFIGURATION_OWNER", ["operator", "chart"]),
    clusterRole: value(env, "CLUSTER_ROLE"),
    leaseName: value(env, "LEASE_NAME"),
    nudge: oneOf(env, "NUDGE", ["true", "false"]) === "true",
    inject: {
      image: value(env, "SIDECAR_IMAGE"),
      imagePullPolicy: oneOf(env, "SIDECAR_IMAGE_PULL_POLICY", ["Always", "IfNotPresent", "Never"]),
      resources: {
        requests: {
          cpu: value(env, "SIDECAR_REQUESTS_CPU"),
          memory: value(env, "SIDECAR_REQUESTS_MEMORY"),
        },
        limits: {
          cpu: value(env, "SIDECAR_LIMITS_CPU"),
          memory: value(env, "SIDECAR_LIMITS_MEMORY"),
        },
      },
    },
  };
}
