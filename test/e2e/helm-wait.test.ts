import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { condition, getPolicy } from "./harness/policy.ts";
import { smallPod } from "./harness/small-pod.ts";
import { HELM, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-helm-wait";

const chart = {
  apiVersion: "v2",
  name: "shop",
  description: "An app with its HealthPolicies.",
  type: "application",
  version: "1.0.0",
};

const policy = (name: string, matchLabels: Record<string, string>) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name },
  spec: {
    selector: { matchLabels },
    // Nobody waits for it: what is shown is what Helm makes of the policy, not of the pods.
    mode: "DryRun",
    dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache.shop" }] } }],
  },
});

function deployment() {
  const { metadata, spec } = smallPod(NAMESPACE, "web");
  const { labels } = metadata;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}

let directory: string;
beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  directory = await mkdtemp(join(tmpdir(), "helm-wait-"));
  await mkdir(join(directory, "templates"));
  await writeFile(join(directory, "Chart.yaml"), JSON.stringify(chart));
}, WHOLE_TEST);
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"]);
  await rm(directory, { recursive: true });
});

/** Installs or upgrades the chart with these objects in it. */
async function release(verb: "install" | "upgrade", objects: object[]) {
  for (const [index, object] of objects.entries()) {
    await writeFile(join(directory, "templates", `${index}.yaml`), JSON.stringify(object));
  }
  const wait = ["-n", NAMESPACE, "--wait", `--timeout=${HELM}ms`];
  return run("helm", [verb, "shop", directory, ...wait], { timeout: 2 * HELM });
}

const WEB = policy("web", { app: "web" });
const FRONT = policy("web-front", { app: "web", tier: "front" });

test(
  "helm --wait fails at once, and not after its timeout, on a policy that can never have a pod",
  async () => {
    const first = await release("install", [deployment(), WEB]);
    expect(first.stderr).toBe("");
    expect(first.code).toBe(0);

    const second = await release("upgrade", [deployment(), WEB, FRONT]);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(
      "HealthPolicy/e2e-helm-wait/web-front not ready. status: Failed",
    );
    expect(second.stderr).toContain("belongs to the older HealthPolicy web.");
    const stalled = condition(await getPolicy(NAMESPACE, "web-front"), "Stalled");
    expect(stalled).toMatchObject({ status: "True", reason: "Conflicted" });
    // What Helm says when its time is up.
    expect(second.stderr).not.toContain("deadline");

    const third = await release("upgrade", [
      deployment(),
      WEB,
      policy("web-front", { app: "front" }),
    ]);
    expect(third.stderr).toBe("");
    expect(third.code).toBe(0);
  },
  WHOLE_TEST,
);
