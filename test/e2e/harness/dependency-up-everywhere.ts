import { dependencyReport } from "./pods.ts";
import type { Scene } from "./scene.ts";
import { waitUntil } from "./wait-for.ts";

/** Waits until every sidecar of the app says that the dependency is up. */
export async function dependencyUpEverywhere(
  scene: Scene,
  name: string,
  within: number,
): Promise<void> {
  await waitUntil({ what: `every sidecar to find ${name} up`, within }, async () => {
    const pods = await scene.appPods();
    const reports = await Promise.all(pods.map((pod) => dependencyReport(pod, name)));
    return reports.every((report) => report?.up === true);
  });
}
