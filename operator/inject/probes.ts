/** The probes of the injected container. */
import { LIVE_PATH, READY_PATH } from "../api/names.ts";
import type { ProbeTiming } from "../api/timing.ts";
import { isRewritten } from "./is-rewritten.ts";
import type { Container, HttpGet, Pod, Probe } from "./pod.ts";

/**
 * Liveness asks whether the process still answers, and nothing outside it. Three misses at 10 s: only
 * an event loop that is stuck for half a minute restarts the sidecar, and never the app. Such a loop heeds no SIGTERM
 * either: without a grace period of its own the kubelet would wait for the pod's, which databases set to half an hour.
 * Kubelets raise it to 2 s (`minimumGracePeriodInSeconds`).
 */
const LIVENESS = {
  periodSeconds: 10,
  timeoutSeconds: 5,
  successThreshold: 1,
  failureThreshold: 3,
  terminationGracePeriodSeconds: 1,
};

/** No `host`: Pod Security refuses it. Every field that the API server would default is stated. */
function httpGet(path: string, port: number): HttpGet {
  return { path, port, scheme: "HTTP" };
}

/**
 * The readiness and liveness probe for a sidecar on `port`. No startupProbe: it would hold back every
 * container after ours, the app included. failureThreshold 1, because thresholds are counted by the
 * sidecar, per dependency.
 */
export function sidecarProbes(
  timing: ProbeTiming,
  port: number,
): { readinessProbe: Probe; livenessProbe: Probe } {
  return {
    readinessProbe: {
      httpGet: httpGet(READY_PATH, port),
      periodSeconds: timing.periodSeconds,
      timeoutSeconds: timing.timeoutSeconds,
      successThreshold: 1,
      failureThreshold: 1,
    },
    livenessProbe: { httpGet: httpGet(LIVE_PATH, port), ...LIVENESS },
  };
}

function keepHandler(probe: Probe, earlier: Probe | undefined): Probe {
  if (!earlier?.httpGet) return probe;
  const { host: _refusedByPodSecurity, ...handler } = earlier.httpGet;
  return { ...probe, httpGet: handler };
}

/**
 * Whether Istio's agent is asked for our probes and starts only after the last init container: until then nothing
 * answers. It goes by readiness, which stays redirected, so that a further call sees the same.
 */
function isAgentLate(pod: Pod, { readinessProbe }: Container): boolean {
  const isNative = pod.spec?.initContainers?.some(({ name }) => name === "istio-proxy");
  if (!readinessProbe || isNative) return false;
  return isRewritten(readinessProbe, pod.metadata?.annotations ?? {});
}

/**
 * `container` with the probe handlers of `earlier`. A mesh redirects them to its own agent between the
 * two calls of one admission and is not called again: putting ours back would leave probes that its
 * encryption blocks. Times stay those of the policy. Liveness is left out where the agent comes late: a healthy
 * sidecar would be restarted for as long as init containers run.
 */
export function keepHandlers(pod: Pod, container: Container, earlier: Container): Container {
  const { readinessProbe, livenessProbe, ...rest } = container;
  return {
    ...rest,
    ...(readinessProbe && { readinessProbe: keepHandler(readinessProbe, earlier.readinessProbe) }),
    ...(livenessProbe &&
      !isAgentLate(pod, earlier) && {
        livenessProbe: keepHandler(livenessProbe, earlier.livenessProbe),
      }),
  };
}
