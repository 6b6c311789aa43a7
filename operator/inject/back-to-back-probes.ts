/** Probes of the app's containers that wait longer for an answer than until the next question. */
import { MAX_LABEL_LENGTH } from "../api/limits.ts";
import { PROBE_TIME_DEFAULTS } from "../api/standards/pod-probes.ts";
import { otherContainers } from "./container.ts";
import type { Container, Pod } from "./pod.ts";

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"] as const;
/** Sentences that are said; a pod may have hundreds of containers, and warnings travel in headers. */
const MAX_SAID = 3;

function sentencesOf(container: Container): string[] {
  return PROBES.flatMap((kind) => {
    const {
      periodSeconds = PROBE_TIME_DEFAULTS.periodSeconds,
      timeoutSeconds = PROBE_TIME_DEFAULTS.timeoutSeconds,
    } = container[kind] ?? {};
    if (!(Number(periodSeconds) < Number(timeoutSeconds))) return [];
    // A webhook sees pods before they are validated, with names of any length.
    const name = JSON.stringify(String(container.name).slice(0, MAX_LABEL_LENGTH));
    return [
      `container ${name}: ${kind}.periodSeconds (${Number(periodSeconds)}) is less than timeoutSeconds (${Number(timeoutSeconds)}), so that probes will run back to back while the app hangs; write at least ${Number(timeoutSeconds)}`,
    ];
  });
}

/**
 * One sentence for each such probe, at most three and then how many more; the sidecar answers at once and is left out.
 */
export function backToBackProbes(pod: Pod): string[] {
  const all = otherContainers(pod).flatMap(sentencesOf);
  const rest = all.length - MAX_SAID;
  return rest > 0 ? [...all.slice(0, MAX_SAID), `and ${rest} more probes like these`] : all;
}
