import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { actAs, rights } from "./harness/as-account.ts";
import { kubectl, kubectlJson, run } from "./harness/kubectl.ts";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "./harness/operator.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, NAMESPACE_GONE, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-policy-configmaps";
const NAME = "healthpolicy-policy-web";
const MAP = ["configmap", NAME];
/** May do everything with ConfigMaps in that namespace, and nothing else. */
const USER = "bob";
const COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector";

const FOR_OPERATOR = "The operator of HealthPolicy may write no ConfigMaps but those named";
const FOR_OTHERS = "are written by the operator of HealthPolicy alone";

interface ConfigMap {
  metadata: { resourceVersion: string; ownerReferences?: { kind: string }[] };
  data: Record<string, string>;
}

const OPERATORS_ENTRY = {
  manager: "healthpolicy-configmap",
  operation: "Apply",
  apiVersion: "v1",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:data": { "f:policy.json": {} } },
};

const configMap = (metadata: object) => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
const stored = () => kubectlJson<ConfigMap>("get", ...MAP, "-n", NAMESPACE);
const inNamespace = { namespace: NAMESPACE };
const patched = (user: string, patch: object) =>
  actAs(user, ["patch", ...MAP, "--type=merge", "-p", JSON.stringify(patch)], inNamespace);

async function isGone(): Promise<boolean> {
  return (await run("kubectl", ["get", ...MAP, "-n", NAMESPACE])).stderr.includes("NotFound");
}

beforeAll(async () => {
  await openPolicyNamespace(NAMESPACE, "policy-configmaps.yaml");
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }];
  const input = JSON.stringify(rights(NAMESPACE, "configmaps", { user: USER, rules }));
  await kubectl(["apply", "-f", "-"], { input });
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"]));

describe("the operator's account", () => {
  const create = (namespace: string, name: string) =>
    actAs(OPERATOR_ACCOUNT, ["create", "--dry-run=server"], {
      namespace,
      object: configMap({ name }),
    });

  test.each([
    [NAMESPACE, "healthpolicy-policy-x"],
    ["default", "healthpolicy-policy-x"],
    [OPERATOR_NAMESPACE, "healthpolicy-webhook-proof"],
  ])(
    "may write a ConfigMap in %s named %s",
    async (namespace, name) => {
      expect(await create(namespace, name)).toMatchObject({ code: 0, stderr: "" });
    },
    KUBECTL,
  );

  test.each([
    [NAMESPACE, "x"],
    [OPERATOR_NAMESPACE, "x"],
    ["kube-system", "extension-apiserver-authentication-2"],
    [NAMESPACE, "healthpolicy-webhook-proof"],
  ])(
    "may not write a ConfigMap in %s named %s",
    async (namespace, name) => {
      expect((await create(namespace, name)).stderr).toContain(FOR_OPERATOR);
    },
    KUBECTL,
  );

  test.each([NAME, "kube-root-ca.crt"])(
    "may not delete %s",
    async (name) => {
      const remove = ["delete", "--raw", `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`];
      const { stderr } = await actAs(OPERATOR_ACCOUNT, remove, inNamespace);
      expect(stderr).toContain("The operator of HealthPolicy may");
      expect((await run("kubectl", ["get", "configmap", name, "-n", NAMESPACE])).code).toBe(0);
    },
    KUBECTL,
  );

  test(
    "may not change another's ConfigMap",
    async () => {
      // As the operator itself writes: kubectl patch would read first.
      const object = { ...configMap({ name: "kube-root-ca.crt" }), data: { a: "b" } };
      const act = { namespace: NAMESPACE, object };
      const answer = await actAs(OPERATOR_ACCOUNT, ["apply", "--server-side"], act);
      expect(answer.stderr).toContain(FOR_OPERATOR);
    },
    KUBECTL,
  );
});

describe("who may do everything with ConfigMaps", () => {
  test.each([
    ["create", configMap({ name: "healthpolicy-policy-x" })],
    ["create", configMap({ generateName: "healthpolicy-policy-" })],
    ["create --dry-run=server", configMap({ name: "healthpolicy-policy-x" })],
  ])(
    "may not %s one of a policy (%j)",
    async (command, object) => {
      const answer = await actAs(USER, command.split(" "), { namespace: NAMESPACE, object });
      expect(answer.stderr).toContain(FOR_OTHERS);
    },
    KUBECTL,
  );

  test.each([
    { data: { "policy.json": "{}" } },
    { data: { more: "x" } },
    { binaryData: { more: "eA==" } },
    { immutable: true },
    { metadata: { ownerReferences: null } },
    { metadata: { finalizers: ["example.com/hold"] } },
    { metadata: { labels: { a: "b" } } },
    { metadata: { annotations: { a: "b" } } },
  ])(
    "may not change %j of one",
    async (patch) => {
      expect((await patched(USER, patch)).stderr).toContain(FOR_OTHERS);
    },
    KUBECTL,
  );

  test.each([
    [["delete", ...MAP]],
    [["delete", "configmaps", "--all"]],
    [["delete", "--raw", `/api/v1/namespaces/${NAMESPACE}/configmaps`]],
  ])(
    "may not %j",
    async (command) => {
      expect((await actAs(USER, command, inNamespace)).stderr).toContain(FOR_OTHERS);
      expect((await stored()).data).toHaveProperty(["policy.json"]);
    },
    KUBECTL,
  );

  // With these entries every later apply of the operator would fail, or the next leader take it for another's.
  test.each([
    [[{ ...OPERATORS_ENTRY, fieldsV1: { "f:apiVersion": {}, "f:kind": {} } }]],
    [[{ ...OPERATORS_ENTRY, manager: "another" }]],
    [[{}]],
  ])(
    "may not have others own its fields: %j",
    async (managedFields) => {
      const answer = await patched(USER, { metadata: { managedFields } });
      expect(answer.stderr).toContain(FOR_OTHERS);
    },
    KUBECTL,
  );

  test.each([
    ["managedFields and all", ["--show-managed-fields"]],
    ["without managedFields", []],
  ])(
    "may write one again as it is, as storage migrations do, %s",
    async (_, parameters) => {
      const object = await kubectlJson<ConfigMap>("get", ...MAP, "-n", NAMESPACE, ...parameters);
      const replace = await actAs(USER, ["replace"], { namespace: NAMESPACE, object });
      expect(replace).toMatchObject({ code: 0, stderr: "" });
      const { resourceVersion } = object.metadata;
      expect(await patched(USER, { metadata: { resourceVersion } })).toMatchObject({ code: 0 });
    },
    KUBECTL,
  );

  test(
    "may write every other",
    async () => {
      const other = { namespace: NAMESPACE, object: configMap({ name: "healthpolicy-other" }) };
      expect(await actAs(USER, ["create"], other)).toMatchObject({ code: 0, stderr: "" });
      const gone = await actAs(USER, ["delete", "configmap", "healthpolicy-other"], inNamespace);
      expect(gone.code).toBe(0);
    },
    KUBECTL,
  );
});

test(
  "an administrator may not either",
  async () => {
    const answers = [
      await run("kubectl", ["delete", ...MAP, "-n", NAMESPACE]),
      await run("kubectl", ["create", "-n", NAMESPACE, "-f", "-"], {
        input: JSON.stringify(configMap({ name: "healthpolicy-policy-x" })),
      }),
    ];
    for (const { stderr } of answers) expect(stderr).toContain(FOR_OTHERS);
  },
  KUBECTL,
);

test(
  "the controller manager may take out the owner, also where its controllers share one account",
  async () => {
    for (const user of [COLLECTOR, "system:kube-controller-manager"]) {
      const remove = ["patch", ...MAP, "--type=merge", "--dry-run=server", "-p"];
      const patch = JSON.stringify({ metadata: { ownerReferences: null } });
      const { stderr } = await actAs(user, [...remove, patch], inNamespace);
      // The second has no such right in this cluster, where controllers have accounts of their own.
      expect(stderr).not.toContain(FOR_OTHERS);
    }
  },
  KUBECTL,
);

test(
  "a policy goes with its ConfigMap, or leaves it behind for anybody to clear away",
  async () => {
    const manifest = await kubectl(["get", "healthpolicy", "web", "-n", NAMESPACE, "-o", "json"]);
    const { spec } = JSON.parse(manifest) as { spec: object };
    const again = {
      apiVersion: "healthpolicy.dev/v1alpha1",
      kind: "HealthPolicy",
      metadata: { name: "web" },
      spec,
    };
    const remove = ["delete", "healthpolicy", "web", "-n", NAMESPACE];

    await kubectl([...remove, "--cascade=orphan", `--timeout=${KUBECTL}ms`]);
    expect((await stored()).metadata.ownerReferences).toBeUndefined();
    expect(await actAs(USER, ["delete", ...MAP], inNamespace)).toMatchObject({ code: 0 });

    await kubectl(["create", "-n", NAMESPACE, "-f", "-"], { input: JSON.stringify(again) });
    const written = async () => !(await isGone());
    await waitUntil({ what: "the ConfigMap to be written", within: STATUS_FOLLOWS }, written);
    await kubectl(remove);
    await waitUntil({ what: "the ConfigMap to be collected", within: STATUS_FOLLOWS }, isGone);
  },
  WHOLE_TEST,
);

test(
  "a namespace with a policy can be deleted",
  async () => {
    const input = JSON.stringify(configMap({ name: "healthpolicy-policy-left" }));
    await kubectl(["create", "-n", NAMESPACE, `--as=${OPERATOR_ACCOUNT}`, "-f", "-"], { input });
    await kubectl(["delete", "namespace", NAMESPACE, `--timeout=${NAMESPACE_GONE}ms`], {
      timeout: NAMESPACE_GONE,
    });
  },
  WHOLE_TEST,
);
