import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { POD_STARTS, SCENE_READY } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { freshNamespace, RESTRICTED } from "./namespace.ts";
import { isInjected, isReady, podsOf, restarts, standing } from "./pods.ts";
import { policyProgrammed } from "./policy.ts";
import type { Scene } from "./scene.ts";
import { clientPod } from "./small-pod.ts";
import { waitUntil } from "./wait-for.ts";

/** An example in a namespace of its own, with a plain client pod, before it has a policy. */
export type Example = Omit<Scene, "policy"> & {
  /** Applies one of the example's files. */
  apply(file: string): Promise<void>;
};

const EXAMPLES = join(import.meta.dirname, "../../../examples");
/** All but the app and the Jobs that have ended. */
const BYSTANDERS = "app notin (web, migrate)";

/** Brings up `examples/<name>` without its policy: first `dependencies.yaml`, then `app.yaml`. */
export async function openExample(name: string): Promise<Example> {
  const namespace = `e2e-example-${name}`;
  const kubectlHere = (...parameters: string[]) => kubectl(["-n", namespace, ...parameters]);
  const apply = async (file: string) => {
    const input = await readFile(join(EXAMPLES, name, file), "utf8");
    await kubectl(["apply", "--server-side", "-n", namespace, "-f", "-"], { input });
  };
  const wait = (what: string, condition: string) =>
    kubectl(
      [
        ...["wait", "-n", namespace, ...what.split(" ")],
        ...[`--for=condition=${condition}`, `--timeout=${SCENE_READY}ms`],
      ],
      { timeout: SCENE_READY },
    );
  await freshNamespace(namespace, RESTRICTED);
  await apply("dependencies.yaml");
  await wait("deployment --all", "Available");
  await apply("app.yaml");
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(clientPod(namespace)) });
  await wait("job --all", "Complete");
  await wait("deployment --all", "Available");
  await wait("pod client", "Ready");
  const bystanders = () => standing(namespace, BYSTANDERS);
  const atStart = await bystanders();
  const untouched = async () => expect(await bystanders()).toStrictEqual(atStart);
  return {
    namespace,
    apply,
    kubectl: kubectlHere,
    appPods: () => podsOf(namespace, "app=web"),
    twinUntouched: untouched,
    close: async () => {
      try {
        await untouched();
      } finally {
        await kubectl(["delete", "namespace", namespace, "--wait=false"]);
      }
    },
  };
}

/** Gives the running example its policy, as a team does: `policy.yaml`, then a restart of the Deployment. */
export async function givePolicy(example: Example): Promise<Scene> {
  await example.apply("policy.yaml");
  const policy = await policyProgrammed(example.namespace, "web");
  await example.kubectl("rollout", "restart", "deployment/web");
  const what = "two pods with a sidecar, ready, and no other";
  await waitUntil({ what, within: 2 * POD_STARTS }, async () => {
    const pods = await example.appPods();
    return pods.length === 2 && pods.every((pod) => isInjected(pod) && isReady(pod));
  });
  expect((await example.appPods()).map(restarts)).toStrictEqual([0, 0]);
  return { ...example, policy };
}
