import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "@jest/globals";
import { SCENE_READY } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { freshNamespace, RESTRICTED } from "./namespace.ts";
import { isReady, type Pod, podsOf, standing } from "./pods.ts";
import { type PolicyObject, policyProgrammed } from "./policy.ts";
import { waitUntil } from "./wait-for.ts";

/** A namespace of its own with dependencies, a policy, the app, its twin and a plain client pod. */
export interface Scene {
  namespace: string;
  /** The policy as it was when the app's pods were created. */
  policy: PolicyObject;
  /** The app's pods, fresh from the API server. */
  appPods(): Promise<Pod[]>;
  kubectl(...parameters: string[]): Promise<string>;
  /** Applies a manifest, YAML or JSON, to its namespace. */
  apply(manifest: string): Promise<void>;
  /** Fails unless the app's twin outside the selector has been ready all the time, without a restart. */
  twinUntouched(): Promise<void>;
  /** Looks at the twin a last time, then takes the namespace away. */
  close(): Promise<void>;
}

const HERE = import.meta.dirname;

/** Every pod of the scene runs and is ready, and the app has its two. */
async function allReady(namespace: string): Promise<boolean> {
  const pods = await podsOf(namespace, "");
  const app = pods.filter((pod) => pod.metadata.labels?.app === "web");
  return app.length === 2 && pods.every(isReady);
}

/**
 * Brings up the scene `name` (a path below test/e2e) from `<name>.yaml`: first dependencies and policy,
 * then, once a new pod would be injected, the app. The policy's name is `web`.
 */
export async function openScene(name: string): Promise<Scene> {
  const namespace = `e2e-${basename(name)}`;
  const kubectlHere = (...parameters: string[]) => kubectl(["-n", namespace, ...parameters]);
  const apply = async (manifest: string) => {
    await kubectl(["apply", "--server-side", "-n", namespace, "-f", "-"], { input: manifest });
  };
  await freshNamespace(namespace, RESTRICTED);
  await apply(await readFile(join(HERE, "..", `${name}.yaml`), "utf8"));
  const policy = await policyProgrammed(namespace, "web");
  await apply(await readFile(join(HERE, "app.yaml"), "utf8"));
  await waitUntil({ what: `the pods of ${namespace} to be ready`, within: SCENE_READY }, () =>
    allReady(namespace),
  );
  const twin = () => standing(namespace, "app=twin");
  const twinAtStart = await twin();
  const twinUntouched = async () => expect(await twin()).toStrictEqual(twinAtStart);
  return {
    namespace,
    policy,
    kubectl: kubectlHere,
    apply,
    appPods: () => podsOf(namespace, "app=web"),
    twinUntouched,
    close: async () => {
      try {
        await twinUntouched();
      } finally {
        await kubectl(["delete", "namespace", namespace, "--wait=false"]);
      }
    },
  };
}
