/** What the leader keeps of a pod's probes: as much as the rules of the standards look at. Pure. */
import { createHash } from "node:crypto";
import type { ContainerProbes, PodProbes, StandardsProbe } from "../../api/standards/pod-probes.ts";
import { isJudged } from "../../api/standards/violations.ts";
import { MAX_CONTAINERS } from "../../inject/too-many-parts.ts";

/** No forbidden path is longer (256, in the schema of ClusterHealthPolicies); one longer than that equals none. */
const MAX_PATH_LENGTH = 257;
/**
 * Characters, as JSON, of all that is kept: 28 containers with probes of each kind that differ. 400 pods of 256 such
 * containers took most of a leader's memory, and a second of its CPU for each count.
 */
const MAX_CHARACTERS = 7_168;
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

/** A copy. A slice would keep the whole text in memory, of which it is a part: a path can have a MB. */
function pathOf({ path = "" }: { path?: string }): string {
  const end = path.indexOf("?");
  const asked = path.slice(0, Math.min(end === -1 ? path.length : end, MAX_PATH_LENGTH));
  return Buffer.from(asked).toString();
}

function handlerOf({ httpGet, exec, tcpSocket, grpc }: StandardsProbe): StandardsProbe {
  if (httpGet) return { httpGet: { path: pathOf(httpGet), host: digest(httpGet) } };
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
 * standards, unless its containers are so many and so different that the last of them are not kept. Names of containers
 * and whatever a handler holds beside its path are not in it.
 */
export function judgedProbes({ containers = [], restartPolicy }: PodProbes): PodProbes {
  const kept = new Map<string, ContainerProbes>();
  let left = MAX_CHARACTERS;
  for (const container of containers.filter(isJudged).slice(0, MAX_CONTAINERS)) {
    const judged = judgedContainer(container);
    const text = JSON.stringify(judged);
    if (kept.has(text)) continue;
    left -= text.length;
    if (left < 0) break;
    kept.set(text, judged);
  }
  return {
    containers: [...kept.values()],
    ...(restartPolicy !== undefined && { restartPolicy }),
  };
}
