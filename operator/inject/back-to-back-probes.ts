/** Probes of the app's containers that wait longer for an answer than until the next question. */
import { MAX_LABEL_LENGTH } from "../api/limits.ts";
import { EXEMPT_CONTAINERS } from "../api/standards/exempt-containers.ts";
import { PROBE_TIME_DEFAULTS } from "../api/standards/pod-probes.ts";
import { otherContainers } from "./container.ts";
import type { Container, Pod } from "./pod.ts";

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"] as const;
/** Sentences that are said; a pod may have hundreds of containers, and warnings travel in headers. */
const MAX_SAID = 3;

function sentencesOf(container: Container): string[] {
  return PROBES.flatMap((kind) => {
    const probe = container[kind] ?? {};
    // Zero means unset, as it does to the API server.
    const periodSeconds = probe.periodSeconds || PROBE_TIME_DEFAULTS.periodSeconds;
    const timeoutSeconds = probe.timeoutSeconds || PROBE_TIME_DEFAULTS.timeoutSeconds;
    if (!(Number(periodSeconds) < Number(timeoutSeconds))) return [];
    // A webhook sees pods before they are validated, with names of any length.
    const name = JSON.stringify(String(container.name).slice(0, MAX_LABEL_LENGTH));
    return [
      `container ${name}: ${kind}.periodSeconds (${Number(periodSeconds)}) is less than timeoutSeconds (${Number(timeoutSeconds)}), so that probes will run back to back while the app hangs; write at least ${Number(timeoutSeconds)}`,
    ];
  });
}

/**
 * One sentence for each such probe, at most three and then how many more. The sidecar answers at once and is left out,
 * and so are proxies of meshes.
 */
export function backToBackProbes(pod: Pod): string[] {
  const judged = otherContainers(pod).filter(
    ({ name }) => !EXEMPT_CONTAINERS.includes(String(name)),
  );
  const all = judged.flatMap(sentencesOf);
  const rest = all.length - MAX_SAID;
  return rest > 0 ? [...all.slice(0, MAX_SAID), `and ${rest} more probes like these`] : all;
}
