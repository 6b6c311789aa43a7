/** What the leader keeps of a pod's probes: as much as the rules of the standards look at. Pure. */
import { createHash } from "node:crypto";
import type { ContainerProbes, PodProbes, StandardsProbe } from "../../api/standards/pod-probes.ts";
import { isJudged } from "../../api/standards/violations.ts";

/** No forbidden path is longer (256, in the schema of ClusterHealthPolicies); one longer than that equals none. */
const MAX_PATH_LENGTH = 257;
/** Containers that are kept of a pod. None that can run has as many, and the API server bounds only its bytes. */
const MAX_CONTAINERS = 256;
/** Characters of a digest: two handlers of one container that differ have the same one in 2^-96 of all cases. */
const DIGEST_LENGTH = 16;

/**
 * In the place of a handler, so that two can be compared: a command of a MiB is as good as a short one. A pod in
 * the API server has its defaults filled in, so that equal handlers are written alike.
 */
function digest(handler: object): string {
  const json = JSON.stringify(handler);
  return createHash("sha256").update(json).digest("base64url").slice(0, DIGEST_LENGTH);
}

function handlerOf({ httpGet, exec, tcpSocket, grpc }: StandardsProbe): StandardsProbe {
  if (httpGet) {
    const [path = ""] = (httpGet.path ?? "").split("?", 1);
    return { httpGet: { path: path.slice(0, MAX_PATH_LENGTH), host: digest(httpGet) } };
  }
  if (exec) return { exec: { command: [digest(exec)] } };
  if (tcpSocket) return { tcpSocket: { host: digest(tcpSocket) } };
  return grpc ? { grpc: { service: digest(grpc) } } : {};
}

function judgedProbe(probe: StandardsProbe): StandardsProbe {
  const { timeoutSeconds, periodSeconds, initialDelaySeconds } = probe;
  return {
    ...handlerOf(probe),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(periodSeconds !== undefined && { periodSeconds }),
    ...(initialDelaySeconds !== undefined && { initialDelaySeconds }),
  };
}

function judgedContainer(container: ContainerProbes): ContainerProbes {
  const { readinessProbe, livenessProbe, startupProbe } = container;
  return {
    // The same for all: rules say which are violated, not by which container.
    name: "c",
    ...(readinessProbe && { readinessProbe: judgedProbe(readinessProbe) }),
    ...(livenessProbe && { livenessProbe: judgedProbe(livenessProbe) }),
    // Only whether there is one is asked.
    ...(startupProbe && { startupProbe: {} }),
  };
}

/**
 * The probes of a pod, small, and equal for pods whose probes are: it violates the same rules as `pod` under any
 * standards. Names of containers and whatever a handler holds beside its path are not in it.
 */
export function judgedProbes({ containers = [], restartPolicy }: PodProbes): PodProbes {
  return {
    containers: containers.filter(isJudged).slice(0, MAX_CONTAINERS).map(judgedContainer),
    ...(restartPolicy !== undefined && { restartPolicy }),
  };
}
