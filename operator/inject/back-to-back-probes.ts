/** Probes of the app's containers that wait longer for an answer than until the next question. */
import { MAX_LABEL_LENGTH } from "../api/limits.ts";
import { EXEMPT_CONTAINERS } from "../api/standards/exempt-containers.ts";
import { probeTime } from "../api/standards/pod-probes.ts";
import { otherContainers } from "./other-containers.ts";
import type { Container, Pod } from "./pod.ts";

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"] as const;
/** Sentences that are said; a pod may have hundreds of containers, and warnings travel in headers. */
const MAX_SAID = 3;

function sentencesOf(container: Container): string[] {
  return PROBES.flatMap((kind) => {
    const probe = container[kind] ?? {};
    const periodSeconds = Number(probeTime(probe, "periodSeconds"));
    const timeoutSeconds = Number(probeTime(probe, "timeoutSeconds"));
    if (!(periodSeconds < timeoutSeconds)) return [];
    // A webhook sees pods before they are validated, with names of any length.
    const name = JSON.stringify(String(container.name).slice(0, MAX_LABEL_LENGTH));
    return [
      `container ${name}: ${kind}.periodSeconds (${periodSeconds}) is less than timeoutSeconds (${timeoutSeconds}), so that probes will run back to back while the app hangs; write at least ${timeoutSeconds}`,
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
