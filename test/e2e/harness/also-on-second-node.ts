import { kubectlJson } from "./kubectl.ts";
import { onSecondNode } from "./on-second-node.ts";
import { isReady } from "./pods.ts";
import type { Scene } from "./scene.ts";
import { clientPod } from "./small-pod.ts";
import { waitUntil } from "./wait-for.ts";

/** One more pod of the app, and a plain one to make raw connects from, both on the second node. */
export const THERE = { app: "web-there", client: "client-there" };

/** Creates them, and resolves when all three pods of the app are ready, within this many milliseconds. */
export async function alsoOnSecondNode(scene: Scene, within: number): Promise<void> {
  const { namespace } = scene;
  const { spec } = await kubectlJson<{ spec: { template: { spec: object } } }>(
    ...["get", "deployment", "web", "-n", namespace],
  );
  const app = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: THERE.app, labels: { app: "web" } },
    spec: spec.template.spec,
  };
  const client = { ...clientPod(namespace), metadata: { name: THERE.client } };
  const items = [app, client].map(onSecondNode);
  await scene.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await waitUntil({ what: "three ready pods of the app", within }, async () => {
    return (await scene.appPods()).filter(isReady).length === 3;
  });
}
