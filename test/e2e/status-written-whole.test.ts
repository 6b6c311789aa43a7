/** Who may write a policy, and with it its managedFields, has no say in its status. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { actAs, rights } from "./harness/as-account.ts";
import { created } from "./harness/created.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { patchAs } from "./harness/patch-as.ts";
import { getPolicy, policyProgrammed } from "./harness/policy.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-status-written-whole";
const EDITOR = "who-may-write-policies-alone";
const API_VERSION = "healthpolicy.dev/v1alpha1";
/** Under which the operator writes statuses. */
const MANAGER = "healthpolicy-status";

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  const write = { apiGroups: ["healthpolicy.dev"], resources: ["healthpolicies"] };
  const rules = [{ ...write, verbs: ["get", "update", "patch"] }];
  const granted = JSON.stringify(rights(NAMESPACE, "policies", { user: EDITOR, rules }));
  await kubectl(["apply", "-f", "-"], { input: granted });
  for (const name of ["frozen", "shared"]) {
    await created({
      apiVersion: API_VERSION,
      kind: "HealthPolicy",
      metadata: { name, namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: { app: name } },
        dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
      },
    });
    await policyProgrammed(NAMESPACE, name);
  }
  await waitUntil({ what: "the right to count", within: STATUS_FOLLOWS }, async () => {
    const get = ["get", "healthpolicy", "frozen"];
    return (await actAs(EDITOR, get, { namespace: NAMESPACE })).code === 0;
  });
}, WHOLE_TEST);

afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** A JSON patch of the policy, not of its status. */
async function patched(name: string, ...patch: object[]): Promise<void> {
  const path = `/apis/${API_VERSION}/namespaces/${NAMESPACE}/healthpolicies/${name}`;
  expect(await patchAs(EDITOR, path, { kind: "json-patch", patch })).toMatchObject({ status: 200 });
}

/** Says in managedFields that this manager has applied these fields of the status. */
const owns = (manager: string, fieldsV1: object) => ({
  op: "add",
  path: "/metadata/managedFields/-",
  value: {
    manager,
    operation: "Apply",
    apiVersion: API_VERSION,
    fieldsType: "FieldsV1",
    fieldsV1,
    subresource: "status",
  },
});

/** A server-side apply of the policy's status under the operator's name. */
function applyStatus(name: string) {
  const object = {
    apiVersion: API_VERSION,
    kind: "HealthPolicy",
    metadata: { name },
    status: { reason: "applied" },
  };
  const apply = ["apply", "--server-side", "--force-conflicts", "--subresource=status"];
  const parameters = [...apply, `--field-manager=${MANAGER}`, "-n", NAMESPACE, "-f", "-"];
  return run("kubectl", parameters, { input: JSON.stringify(object) });
}

const statusOf = async (name: string) => (await getPolicy(NAMESPACE, name)).status;

/** Waits until the status tells of the policy as it is now. */
const statusFollows = (name: string) =>
  waitUntil({ what: `the status of ${name}`, within: STATUS_FOLLOWS }, async () => {
    const { metadata, status } = await getPolicy(NAMESPACE, name);
    return status?.observedGeneration === metadata.generation;
  });

test(
  "the status stays true where an entry in managedFields has every apply of it refused",
  async () => {
    await patched("frozen", owns(MANAGER, { "f:apiVersion": {}, "f:kind": {} }));
    const { stderr } = await applyStatus("frozen");
    expect(stderr).toContain("failed to prune fields");

    await patched("frozen", { op: "add", path: "/spec/timing", value: { interval: "9s" } });
    await statusFollows("frozen");
    const { effective } = (await statusOf("frozen")) ?? {};
    expect(effective?.timing.interval).toStrictEqual({ value: "9s", source: "policy" });
  },
  WHOLE_TEST,
);

test(
  "what somebody else owns of the status goes with the operator's next one",
  async () => {
    const impacts = async () => (await statusOf("shared"))?.effective?.impact;
    expect(await impacts()).toMatchObject([{ name: "sessions" }]);
    const entry = { ".": {}, "f:name": {}, "f:impact": {}, "f:source": {} };
    const impact = { "f:impact": { 'k:{"name":"sessions"}': entry } };
    await patched("shared", owns("somebody", { "f:status": { "f:effective": impact } }));

    await patched("shared", { op: "replace", path: "/spec/dependencies/0/name", value: "carts" });
    await statusFollows("shared");
    expect(await impacts()).toMatchObject([{ name: "carts" }]);
  },
  WHOLE_TEST,
);
