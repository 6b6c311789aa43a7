/** The probes of the injected container. */
import { LIVE_PATH, READY_PATH } from "../api/names.ts";
import type { ProbeTiming } from "../api/timing.ts";
import type { Container, HttpGet, Probe } from "./pod.ts";

/**
 * Liveness asks whether the process still answers, and nothing outside it. Three misses at 10 s: only
 * an event loop that is stuck for half a minute restarts the sidecar, and never the app.
 */
const LIVENESS = { periodSeconds: 10, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 3 };

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
 * `container` with the probe handlers of `earlier`. A mesh redirects them to its own agent between the
 * two calls of one admission and is not called again: putting ours back would leave probes that its
 * encryption blocks. Times stay those of the policy.
 */
export function keepHandlers(container: Container, earlier: Container): Container {
  return {
    ...container,
    ...(container.readinessProbe && {
      readinessProbe: keepHandler(container.readinessProbe, earlier.readinessProbe),
    }),
    ...(container.livenessProbe && {
      livenessProbe: keepHandler(container.livenessProbe, earlier.livenessProbe),
    }),
  };
}
