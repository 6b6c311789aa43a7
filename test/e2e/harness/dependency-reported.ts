import { type DependencyReport, dependencyReport, type Pod } from "./pods.ts";
import { waitFor } from "./wait-for.ts";

/**
 * Waits until the pod's sidecar says this of the dependency of that name, at most `within` milliseconds, and returns
 * all that it says. A pod may be ready before a dependency that is only observed has been asked for the first time.
 */
export function dependencyReported(
  pod: () => Promise<Pod>,
  want: Pick<DependencyReport, "name"> & Partial<DependencyReport>,
  within: number,
): Promise<DependencyReport> {
  const what = `${want.name} to be reported ${JSON.stringify(want)}`;
  return waitFor({ what, within }, async () => {
    const report = await dependencyReport(await pod(), want.name);
    const holds = Object.entries(want).every(
      ([field, value]) => report?.[field as keyof DependencyReport] === value,
    );
    return report && holds ? report : undefined;
  });
}
