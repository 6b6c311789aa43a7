/** Probes of the app's containers that wait longer for an answer than until the next question. */
import { otherContainers } from "./container.ts";
import type { Container, Pod } from "./pod.ts";

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"] as const;
/** What the API server fills in, in seconds. */
const DEFAULT_PERIOD = 10;
const DEFAULT_TIMEOUT = 1;
/** Sentences that are said; a pod may have hundreds of containers, and warnings travel in headers. */
const MAX_SAID = 3;
/** The longest name that a container may have; a webhook sees pods before they are validated. */
const MAX_NAME_LENGTH = 63;

function sentencesOf(container: Container): string[] {
  return PROBES.flatMap((kind) => {
    const { periodSeconds = DEFAULT_PERIOD, timeoutSeconds = DEFAULT_TIMEOUT } =
      container[kind] ?? {};
    if (!(Number(periodSeconds) < Number(timeoutSeconds))) return [];
    const name = JSON.stringify(String(container.name).slice(0, MAX_NAME_LENGTH));
    return [
      `container ${name}: ${kind}.periodSeconds (${Number(periodSeconds)}) is less than timeoutSeconds (${Number(timeoutSeconds)}), so that probes will run back to back while the app hangs; write at least ${Number(timeoutSeconds)}`,
    ];
  });
}

/** One sentence for each such probe, at most three and then how many more; the sidecar answers at once and is left out. */
export function backToBackProbes(pod: Pod): string[] {
  const all = otherContainers(pod).flatMap(sentencesOf);
  const rest = all.length - MAX_SAID;
  return rest > 0 ? [...all.slice(0, MAX_SAID), `and ${rest} more probes like these`] : all;
}
