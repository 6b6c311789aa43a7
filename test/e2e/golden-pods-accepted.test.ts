import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, stringify } from "yaml";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace, RESTRICTED } from "./harness/namespace.ts";
import { KUBECTL, SCENE_READY } from "./timeouts.ts";

const CASES = join(import.meta.dirname, "../../operator/inject/testdata");
/** Its app states no seccomp profile: OpenShift's anyuid refuses any. */
const NOT_RESTRICTED = "openshift-anyuid";
const NAMESPACE = "e2e-golden-pods-accepted";

interface Manifest {
  metadata: Record<string, unknown>;
}

/** A pod of the golden cases, moved into our namespace; everything else stays as it is. */
function movedHere(file: string): string {
  const pod = parse(readFileSync(file, "utf8")) as Manifest;
  return stringify({ ...pod, metadata: { ...pod.metadata, namespace: NAMESPACE } });
}

const dryRun = (manifest: string) =>
  run("kubectl", ["create", "--dry-run=server", "-f", "-"], { input: manifest });

beforeAll(() => freshNamespace(NAMESPACE, RESTRICTED), SCENE_READY);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

test("the namespace refuses a pod that is not restricted", async () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "lax", namespace: NAMESPACE } };
  const spec = { containers: [{ name: "app", image: "app" }] };
  const answer = await dryRun(JSON.stringify({ ...pod, spec }));
  expect(answer.stderr).toContain('violates PodSecurity "restricted:latest"');
});

describe.each(readdirSync(CASES).filter((name) => name !== NOT_RESTRICTED))(
  "the golden pod %s",
  (name) => {
    test(
      "is accepted by the API server under the restricted standard",
      async () => {
        expect(await dryRun(movedHere(join(CASES, name, "want.yaml")))).toMatchObject({ code: 0 });
      },
      KUBECTL,
    );
  },
);
