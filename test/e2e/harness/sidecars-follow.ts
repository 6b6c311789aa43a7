import { VOLUME_REFRESH } from "../timeouts.ts";
import { sidecarReport } from "./pods.ts";
import { getPolicy } from "./policy.ts";
import type { Scene } from "./scene.ts";
import { waitUntil } from "./wait-for.ts";

/** Waits until every sidecar of the app reports the policy's present generation, without a restart. */
export async function sidecarsFollow(scene: Scene): Promise<void> {
  const { generation } = (await getPolicy(scene.namespace, "web")).metadata;
  const what = `generation ${generation} in /status of every sidecar`;
  await waitUntil({ what, within: VOLUME_REFRESH }, async () => {
    const reports = await Promise.all((await scene.appPods()).map(sidecarReport));
    return reports.every((report) => report?.generation === generation);
  });
}
