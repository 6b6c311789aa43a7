/** Random pods and standards, close enough to each other's bounds that about every rule is met and missed. */
import { type Random, seededRandom } from "../../../inject/testing/random.ts";
import type { ContainerProbes, PodProbes, StandardsProbe } from "../pod-probes.ts";
import type { Standards } from "../rule.ts";

const PATHS = ["/", "/ready", "/health/db", "/health/db?deep=1", "/ready?", "alive", "/%73"];
const SECONDS = [1, 2, 5, 10, 11, 30];
const PORTS = [8_080, 9_090, "web"];

/** A value, or nothing: Kubernetes' defaults have to count there. */
const maybe = <K extends string, V>(random: Random, key: K, make: () => V) =>
  (random.chance(0.6) ? { [key]: make() } : {}) as { [key in K]?: V };

/** How a probe asks, with every field that the API server would fill in. */
function handler(random: Random): StandardsProbe {
  switch (random.below(4)) {
    case 0:
      return { exec: { command: ["check", random.pick(["-a", "-b"])] } };
    case 1:
      return { tcpSocket: { port: random.pick(PORTS) } };
    case 2:
      return { grpc: { port: 8_080, service: random.pick(["", "live"]) } };
    default:
      return {
        httpGet: {
          path: random.pick(PATHS),
          port: random.pick(PORTS),
          scheme: random.pick(["HTTP", "HTTPS"]),
        },
      };
  }
}

function probe(random: Random): StandardsProbe {
  return {
    ...handler(random),
    ...maybe(random, "timeoutSeconds", () => random.pick(SECONDS)),
    ...maybe(random, "periodSeconds", () => random.pick(SECONDS)),
    ...maybe(random, "initialDelaySeconds", () => random.pick(SECONDS)),
  };
}

function container(random: Random, index: number): ContainerProbes {
  const readiness = maybe(random, "readinessProbe", () => probe(random));
  const liveness = maybe(random, "livenessProbe", () =>
    // Two probes that are drawn apart are hardly ever the same.
    readiness.readinessProbe && random.chance(0.5)
      ? { ...readiness.readinessProbe, timeoutSeconds: random.pick(SECONDS) }
      : probe(random),
  );
  const startup = random.chance(0.3) ? { startupProbe: probe(random) } : {};
  return { name: `c${index}`, ...readiness, ...liveness, ...startup };
}

function asked(random: Random) {
  return {
    ...maybe(random, "required", () => random.chance(0.8)),
    ...maybe(random, "minTimeoutSeconds", () => random.pick(SECONDS)),
    ...maybe(random, "minExecTimeoutSeconds", () => random.pick(SECONDS)),
    ...maybe(random, "timeoutWithinPeriod", () => random.chance(0.8)),
    ...maybe(random, "maxPeriodSeconds", () => random.pick(SECONDS)),
    ...maybe(random, "maxInitialDelaySeconds", () => random.pick([0, ...SECONDS])),
  };
}

function standards(random: Random): Standards {
  const readinessProbe = maybe(random, "readinessProbe", () => asked(random));
  const livenessProbe = maybe(random, "livenessProbe", () => ({
    ...asked(random),
    ...maybe(random, "differsFromReadiness", () => random.chance(0.8)),
    ...maybe(random, "forbiddenPaths", () => random.list(3, () => random.pick(PATHS.slice(1, 3)))),
  }));
  return { enforcement: "Warn", ...readinessProbe, ...livenessProbe };
}

/** A pod with one to four containers and standards for it; the same seed gives the same. */
export function randomCase(seed: number): { pod: PodProbes; standards: Standards } {
  const random = seededRandom(seed);
  const containers = [container(random, 0), ...random.list(3, (at) => container(random, at + 1))];
  const restartPolicy = random.pick(["Always", "Always", "Never", "OnFailure"]);
  return { pod: { containers, restartPolicy }, standards: standards(random) };
}
