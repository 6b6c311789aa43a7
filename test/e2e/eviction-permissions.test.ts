/** What the admission policy that comes with the right to evict leaves the operator's account of it. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "./harness/operator.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-eviction-permissions";

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  await created(unscheduledPod(NAMESPACE, "web"));
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** What the API server says to the operator's account; the pod stays. */
function evict(namespace: string, name: string, deleteOptions: object = {}) {
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { namespace, name },
    deleteOptions: { ...deleteOptions, dryRun: ["All"] },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  return run("kubectl", ["create", "--raw", path, "-f", "-", `--as=${OPERATOR_ACCOUNT}`], {
    input: JSON.stringify(eviction),
  });
}

test(
  "the operator may evict a pod that has its time to end",
  async () => {
    expect(await evict(NAMESPACE, "web")).toMatchObject({ code: 0 });
  },
  KUBECTL,
);

test(
  "it may not shorten that time",
  async () => {
    const { code, stderr } = await evict(NAMESPACE, "web", { gracePeriodSeconds: 0 });
    expect(stderr).toContain("may not shorten the time that a pod has to end");
    expect(code).not.toBe(0);
  },
  KUBECTL,
);

test.each(["kube-system", "kube-node-lease", OPERATOR_NAMESPACE])(
  "it may evict no pod of %s",
  async (namespace) => {
    // Asked before the API server looks for the pod.
    const { code, stderr } = await evict(namespace, "any");
    expect(stderr).toContain("may evict no pod of the cluster's own namespaces, nor of its own");
    expect(code).not.toBe(0);
  },
  KUBECTL,
);
